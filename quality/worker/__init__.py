"""Worker: scores the clips of a service as they are finished, and watches scores for drift.

In come complete jobs from the collector, out go evaluations into each job's trace.
Start at ``worker.py``; ``drift_watch.py`` watches the scores, ``service.py`` runs both.
"""
