"""Generator: the reference video service, a small trained model behind OpenAI's videos API.

In comes a prompt over HTTP, out come a clip (fragmented MP4, streamed while it is being made), its
reference footage, and signals for the collector. With it, framegate can be tried and tested without
a GPU; no other room needs it.
Start at ``service/api.py`` (HTTP) and ``service/job_service.py`` (a job from queue to clip).
"""
