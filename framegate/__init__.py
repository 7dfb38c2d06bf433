"""framegate: service levels, quality gates and load tests for video-generation services.

``framegate.quality`` scores clips, ``framegate.gate`` judges a release, ``framegate.client`` asks a
collector: docs/reference/python-api.md. Everything else is the command's, and may change.
"""
