"""One side of a comparison: its clips' values, how they are scored, stored and paired.

In come clips (a folder, an archive, files just made), out comes ``Evidence``, and pairs of values
by prompt. Start at ``evidence.py``; ``pairing.py`` brings two sides together.
"""
