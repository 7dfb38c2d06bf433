"""What helps to choose margins: the noise of a model, proposed policies, lint and power.

Start at ``noise.py``: two runs of one model become a calibration, from which margins follow.
"""
