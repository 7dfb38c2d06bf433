"""The names of all spans, events, attributes and metrics, and what they mean.

In: nothing. Out: constants, and the definitions from which the reference page is made.
Start with ``names.py``; ``definitions.py`` says what each name means.
"""
