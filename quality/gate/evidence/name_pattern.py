"""Name patterns: what the names of a folder's clips say of their prompts, seeds and categories.

In ``{prompt}_seed{seed}`` a prompt is any text, a seed a number, a category a word; ``*`` is text
without meaning. The last part of a name that can be a seed is the seed.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from string import Formatter

from framegate.quality.gate.evidence.manifest import Manifest, ManifestRow
from framegate.quality.gate.evidence.pairing import prompt_list
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.platform.strict_file import FilePlace, faults_at, suggest_name

ADJACENT = re.compile(r"\}[{*]|\*[{*]")
FIELDS = {"prompt": r".+", "seed": r"[0-9]{1,19}", "category": r"[\w.-]{1,63}"}
EXAMPLE = "{prompt}_seed{seed}"
PROMPTS_ONLY = "{prompt}"  # each clip is of another prompt


@dataclass(frozen=True, slots=True)
class NamePattern:
    """``text`` as the user wrote it; ``fits`` is applied to a path without its suffix."""

    text: str
    fits: re.Pattern[str]

    def read(self, file: str) -> Mapping[str, str] | None:
        """The fields of a file's path; None for one that the pattern does not fit."""
        found = self.fits.fullmatch(PurePosixPath(file).with_suffix("").as_posix())
        return found.groupdict() if found else None


def parse_pattern(text: str) -> NamePattern:
    """Raises InputError for a pattern without a prompt, and for one of unknown or equal fields."""
    try:
        parts = list(Formatter().parse(text))
    except ValueError as error:
        raise InputError(f"--names {text!r}: {error}") from error
    fields = [name for _, name, _, _ in parts if name is not None]
    for name in fields:
        if name not in FIELDS:
            raise InputError(
                f"--names {text!r}: unknown field {name!r}{suggest_name(name, FIELDS)}"
            )
        if fields.count(name) > 1:
            raise InputError(f"--names {text!r}: {{{name}}} is there twice")
    if "prompt" not in fields:
        raise InputError(f"--names {text!r}: {{prompt}} is missing; for example {EXAMPLE!r}")
    if any(form or how for _, _, form, how in parts) or ADJACENT.search(text):
        raise InputError(
            f"--names {text!r}: write fields with text between them, as in {EXAMPLE!r}"
        )
    return NamePattern(text, re.compile("".join(map(part_text, parts)), re.DOTALL))


def part_text(part: tuple[str, str | None, str | None, str | None]) -> str:
    """Text and field after it, as a regular expression; ``*`` takes as little as it can."""
    text = re.escape(part[0]).replace(r"\*", "[^/]*?")
    return text if part[1] is None else f"{text}(?P<{part[1]}>{FIELDS[part[1]]})"


def manifest_by_names(pattern: NamePattern, files: Iterable[str], folder: str) -> Manifest:
    """What the names say; raises InputError naming the files that the pattern does not fit."""
    found = {file: pattern.read(file) for file in files}
    wrong = [file for file, fields in found.items() if fields is None]
    if wrong:
        raise InputError(
            f"{folder}: --names {pattern.text!r} fits {len(found) - len(wrong)} of {len(found)} "
            f"files, and not {prompt_list(wrong)}"
        )
    rows = []
    for file, fields in found.items():
        with faults_at(FilePlace(f"{folder}/{file}"), ManifestRow):
            rows.append(ManifestRow.model_validate({"file": file, **row_fields(fields or {})}))
    places = tuple(f"{folder}/{file}" for file in found)
    return Manifest(folder, tuple(rows), places).check()


def row_fields(fields: Mapping[str, str]) -> Mapping[str, str]:
    """Prompts of one name in two categories are two prompts: each folder may count from 1."""
    if "category" not in fields:
        return fields
    return {**fields, "prompt": f"{fields['category']}/{fields['prompt']}"}
