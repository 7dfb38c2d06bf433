"""Load tests: viewers that request clips, stream them and measure what a player would show.

In: the URL of a videos API, and a plan of how many viewers share how many clips. Out: a result
with outcomes, time to first playable and stalls; one client outcome event for each clip.
Start with ``watch.py``, one clip as one viewer sees it; ``run.py`` runs many.
"""
