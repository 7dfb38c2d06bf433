"""A verdict of live jobs and scores, which holds however often it is looked at.

``canary.py`` judges, with the bounds of ``sequential.py``; ``canary_result.py`` is what it found.
"""
