"""Video: files become decoded frames, paired by time, with the faults of the files.

Start at ``decoder.py`` (``open_video``), then ``frame_pairs.py``.
"""
