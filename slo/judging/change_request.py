"""The kinds of changes that a rollout gate decides about."""

from enum import StrEnum


class RolloutKind(StrEnum):
    """Why something is rolled out."""

    FEATURE = "feature"
    RELIABILITY = "reliability"
    SECURITY = "security"
