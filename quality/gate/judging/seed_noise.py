"""How much the worst prompts of equal models differ: the noise between the baseline's own seeds.

The mean of the worst few of many differences grows with the noise and with the number of prompts,
also between equal models. Two seeds of one prompt are two equal models as far as noise goes.
"""

import numpy as np
from numpy.typing import NDArray

from framegate.quality.gate.evidence.pairing import SeedResiduals

DRAWS = 4_000
SEED = 20261125

Values = NDArray[np.float64]


def worst_prompts_p(noise: SeedResiduals, *, prompts: int, worst: int, seen: float) -> float:
    """The p of a mean of the ``worst`` of ``prompts`` of ``seen`` or more between equal models.

    By drawing: each prompt of either side is the mean of as many residuals as it has seeds.
    """
    random = np.random.default_rng(SEED)
    pool = np.array(noise.values)
    shape = (DRAWS, prompts, noise.seeds)
    differences = pool[random.integers(0, pool.size, shape)].mean(axis=2)
    differences -= pool[random.integers(0, pool.size, shape)].mean(axis=2)
    largest = np.partition(differences, prompts - worst, axis=1)[:, prompts - worst :]
    return float((1 + (largest.mean(axis=1) >= seen).sum()) / (1 + DRAWS))
