"""Shares of prompts: exact bounds of one, and of the difference of two on the same prompts.

The second is for prompts that got much worse against those that got much better by as much: noise
alone, however large, makes as many of either.
"""

import math
from dataclasses import dataclass

from scipy import special

from framegate.quality.gate.judging.stats import ALPHA, POWER

STEPS = 60  # of a bisection: each halves the error, from 2


@dataclass(frozen=True, slots=True)
class NetShare:
    """The share of ``n`` prompts that got much worse, less the share that got much better."""

    worse: int
    better: int
    n: int

    @property
    def value(self) -> float:
        return (self.worse - self.better) / self.n

    @property
    def excess(self) -> int:
        return max(self.worse - self.better, 0)

    def bounds(self) -> tuple[float, float]:
        """Bounds of the true net share, each wrong with 5 % at most.

        Tango's score interval ("Equivalence test and confidence interval for the difference in
        proportions for the paired-sample design", Statistics in Medicine 17, 1998), or the exact
        one of the excess alone where that is wider: the score is too sure where hardly a prompt
        changed.
        """
        quantile = float(special.ndtri(1 - ALPHA))
        exact = share_bounds(self.excess, self.n)
        low = min(self._where_score_is(quantile), exact[0] if self.excess else math.inf)
        return low, max(self._where_score_is(-quantile), exact[1])

    def harm_p(self, at_most: float) -> float:
        """The p of so many worse ones, were the true net share no larger than ``at_most``."""
        exact = share_p(self.excess, self.n, at_most=at_most)
        return max(exact, float(special.ndtr(-self.score(at_most))))

    def score(self, share: float) -> float:
        """Tango's score: how far the net share is above ``share``, in standard deviations."""
        n, worse, better = self.n, self.worse, self.better
        linear = -worse - better + (2 * n - worse + better) * share
        root = math.sqrt(max(linear**2 + 8 * n * better * share * (1 - share), 0.0))
        rarer = (root - linear) / (4 * n)
        variance = n * (2 * rarer + share * (1 - share))
        distance = worse - better - n * share
        if variance <= 0:
            return math.copysign(math.inf, distance) if distance else 0.0
        return distance / math.sqrt(variance)

    def _where_score_is(self, wanted: float) -> float:
        """The share with this score, which falls from -1 to 1."""
        low, high = -1.0, 1.0
        for _ in range(STEPS):
            middle = (low + high) / 2
            if self.score(middle) > wanted:
                low = middle
            else:
                high = middle
        return (low + high) / 2


def share_bounds(count: int, n: int) -> tuple[float, float]:
    """Exact bounds of a share, each wrong with 5 % at most (Clopper and Pearson 1934)."""
    low = float(special.betaincinv(count, n - count + 1, ALPHA)) if count else 0.0
    high = float(special.betaincinv(count + 1, n - count, 1 - ALPHA)) if count < n else 1.0
    return low, high


def share_p(count: int, n: int, *, at_most: float) -> float:
    """The p of so many or more, were the share no larger than ``at_most``."""
    return float(special.bdtrc(count - 1, n, at_most)) if count else 1.0


def share_needed(count: int, n: int, *, at_most: float) -> int | None:
    """Prompts needed to tell a share like this from ``at_most`` with 80 % power.

    By the normal approximation; more than ``n`` while the interval holds ``at_most``.
    """
    share = count / n
    if share == at_most:
        return None
    reach = float(special.ndtri(1 - ALPHA)) * math.sqrt(at_most * (1 - at_most))
    reach += float(special.ndtri(POWER)) * math.sqrt(share * (1 - share))
    low, high = share_bounds(count, n)
    least = n + 1 if low <= at_most < high else 2
    return max(least, math.ceil((reach / (share - at_most)) ** 2))


def unseen_share(n: int) -> float:
    """The largest share of prompts that may be broken although none of ``n`` is, with 95 %.

    The exact bound, close to 3 / n (Hanley and Lippman-Hand 1983).
    """
    return share_bounds(0, n)[1] if n else 1.0


def prompts_to_see(share: float) -> int:
    """The least number of prompts of which one is broken with 95 % if this share is."""
    return math.ceil(math.log(ALPHA) / math.log1p(-share) - 1e-9)
