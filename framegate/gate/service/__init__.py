"""Clips that a service makes for the gate, and what its answers mean.

In: a service with the videos API, a model and a clip of the suite. Out: a clip with its values and
files; or the reason why there is none, which may be the model's (``failure.ClipFailureError``); or
no verdict at all, since the service is why (``failure.ServiceFaultError``). Start with ``clip.py``.
"""
