"""Judge objectives: status, alert states, forecast, top contributors, rollout decisions.

In come objectives and their counts (``status.SloEvidence``); out come statuses, condition results
and rulings. Without enough data the answer is None, a gap or inconclusive, never good. Start with
``status.status``; ``journal`` keeps what must survive a restart.
"""
