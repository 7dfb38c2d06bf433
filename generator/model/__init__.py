"""Model: control maps of a scene become frames, by flow matching in a few steps; uses torch.

Start at ``pipeline.py`` (``generate_frames``); ``versions.py`` lists the versions without torch,
``train.py`` makes the weights.
"""
