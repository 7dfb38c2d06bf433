"""Metrics that need no reference footage: pure functions from a clip's own frames to numbers."""
