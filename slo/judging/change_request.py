"""What a gate is asked about."""

from enum import StrEnum


class Change(StrEnum):
    """Why something is rolled out."""

    FEATURE = "feature"
    RELIABILITY = "reliability"
    SECURITY = "security"
