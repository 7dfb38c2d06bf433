"""Alerts: evaluate the rules, write the messages, deliver them.

In come objectives, evidence and the states of the last evaluation; out come new states and messages
to webhook, Slack, email and Alertmanager. A message is stored in the journal before it is sent.
Start with ``evaluation.evaluate_alerts``, then ``deliveries``.
"""
