"""Service: the HTTP API, the jobs from queue to finished clip, their signals, and the rollout.

Start at ``api.py``; ``job_service.py`` follows one job, ``instruments.py`` emits its signals.
"""
