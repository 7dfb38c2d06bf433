"""Prompts of a category that move together: they tell less than as many independent prompts.

A model that is worse at faces is worse on every prompt about faces. The mean then depends on which
categories were asked for, and its error on how much the means of categories differ.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from framegate.quality.gate.judging.stats import ALPHA

SUSPECTED = 0.2  # p of the F test: a higher level would miss a correlation of 0.3 too often
LEAST_CATEGORIES = 4  # fewer say too little about others

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CategoryClusters:
    """Which category each of a rule's prompts is in, where those of a category move together.

    ``correlation`` is the intraclass correlation (one-way random effects), 0 to 1.
    """

    groups: tuple[tuple[int, ...], ...]
    correlation: float

    def bounds(self, values: Values) -> tuple[float, float]:
        """Bounds of the mean, each wrong with 5 %, if the categories are a sample themselves.

        The error of a mean over clusters with t of as many degrees of freedom as categories less
        one (Liang and Zeger 1986, with the usual correction for few clusters).
        """
        mean = float(values.mean())
        reach = float(special.stdtrit(len(self.groups) - 1, 1 - ALPHA)) * self.error(values)
        return mean - reach, mean + reach

    def harm_p(self, values: Values, *, margin: float) -> float:
        """The p of "not worse than the margin allows" (negative is worse)."""
        error = self.error(values)
        above = float(values.mean()) + margin
        if not error:
            return float(above >= 0)
        return float(special.stdtr(len(self.groups) - 1, above / error))

    def error(self, values: Values) -> float:
        """The standard error of the mean."""
        rest, count = values - values.mean(), len(self.groups)
        sums = [float(rest[list(group)].sum()) for group in self.groups]
        return math.sqrt(math.fsum(one**2 for one in sums) * count / (count - 1)) / values.size


def find_clusters(values: Values, categories: Sequence[str]) -> CategoryClusters | None:
    """None where the means of categories differ no more than those of independent prompts would.

    By the F test of a one-way analysis of variance; None also for fewer than four categories and
    where no category has two prompts.
    """
    found: dict[str, list[int]] = defaultdict(list)
    for index, category in enumerate(categories):
        found[category].append(index)
    groups, n = [tuple(group) for group in found.values()], values.size
    between, within = len(groups) - 1, n - len(groups)
    if len(groups) < LEAST_CATEGORIES or within < 1:
        return None
    means = [float(values[list(group)].mean()) for group in groups]
    spread = math.fsum(
        len(group) * (mean - float(values.mean())) ** 2
        for group, mean in zip(groups, means, strict=True)
    )
    rest = math.fsum(
        float(((values[list(group)] - mean) ** 2).sum())
        for group, mean in zip(groups, means, strict=True)
    )
    if spread <= 1e-12 * (spread + rest):
        return None
    above, below = spread / between, rest / within
    if below > 0 and float(special.fdtrc(between, within, above / below)) > SUSPECTED:
        return None
    size = (n - math.fsum(len(group) ** 2 for group in groups) / n) / between
    return CategoryClusters(tuple(groups), (above - below) / (above + (size - 1) * below))
