"""How many examples a test draws: all of them before a change lands, a tenth everywhere else.

``make test TEST=--hypothesis-profile=ci``, which .ci/run calls, draws all of them.
Hypothesis also takes that profile by itself where the variable CI is set.
"""

from hypothesis import settings

INNER_LOOP_SHARE = 10


def draws_all() -> bool:
    return settings.get_current_profile_name() == "ci"


def examples(count: int) -> int:
    if draws_all():
        return count
    return -(-count // INNER_LOOP_SHARE)
