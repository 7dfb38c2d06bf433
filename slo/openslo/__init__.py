"""OpenSLO v1 documents as they are written, and Sloth files converted to them.

In come files; out come ``Slo`` documents with their references resolved, or an InputError that
names file, line and key. Nothing here knows what framegate can compute. Start with
``library.load_library``.
"""
