"""How much a clip moves: VBench's dynamic degree (Huang et al., CVPR 2024) as a number.

As there, the fastest twentieth of a frame counts: a small object that moves is motion. VBench
compares it with a threshold; a model that moves too little or too much is at fault, so here the
number is kept, for rules that look at both sides.

Pixels count only where their motion can be trusted and explains what they show; all others count as
still. So white noise has the value 0, outside a band around any video, and no abstention, which
would be missing evidence. Scenes in turns, and motion too fast to be found, read too small. Noise
of 4 code values on a still picture reads 1 to 11, because motion is found in its flat parts.
"""

import numpy as np

from framegate.quality.metrics.motion import Motion, squared_length
from framegate.quality.metrics.no_reference.motion_coherence import MotionFit

FASTEST_SHARE = 0.05  # of a frame's pixels, as in VBench


def motion_amount(onward: Motion, fit: MotionFit, *, seconds: float) -> float:
    """The mean speed of a frame's fastest twentieth, in percent of its diagonal per second.

    ``onward`` is the motion to the frame that comes ``seconds`` later, ``fit`` its fit. Neither the
    frame's size nor the frame rate changes the value of the same motion.
    """
    found = onward.valid & fit.explained
    lengths = np.sqrt(np.where(found, squared_length(onward.vectors), np.float32(0))).ravel()
    count = max(1, round(FASTEST_SHARE * lengths.size))
    fastest = np.partition(lengths, lengths.size - count)[-count:]
    return 100.0 * float(fastest.mean()) / float(np.hypot(*onward.valid.shape)) / seconds
