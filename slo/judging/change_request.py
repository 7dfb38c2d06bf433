"""What a gate is asked about."""

from enum import StrEnum


class RolloutKind(StrEnum):
    """Why something is rolled out."""

    FEATURE = "feature"
    RELIABILITY = "reliability"
    SECURITY = "security"
