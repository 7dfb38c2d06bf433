"""The dashboard: objectives, latency, scores and the latest clips in a browser.

In: jobs, scores and objectives from a collector. Out: one Streamlit page.
Start with ``pages/overview.py``; ``views/`` has pure functions from data to tables and charts.
"""
