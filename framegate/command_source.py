"""Where a command or a group of commands is defined, and its line of help."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class CommandSource:
    """A command's function as ``module:function``, and its options that were renamed."""

    place: str
    help: str
    renamed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GroupSource:
    """Commands under one name."""

    help: str
    commands: Mapping[str, "CommandSource | GroupSource"]
