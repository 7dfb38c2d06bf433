"""framegate on one machine: the demo, the collector command, and the processes of a local stack.

In comes a folder for store, clips and logs; out come running servers on loopback, ended together.
Start at ``stack.py``: ``running_stack``.
"""
