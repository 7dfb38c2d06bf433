"""The headers of every request to a service; a value may be a secret, and no message repeats it."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from framegate.telemetry.platform.errors import InputError

TOKEN_VARIABLE = "FRAMEGATE_GENERATOR_TOKEN"
HEADERS_VARIABLE = "FRAMEGATE_GENERATOR_HEADERS"
NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # a token, RFC 9110, 5.6.2
OWN = ("connection", "content-length", "content-type", "host", "transfer-encoding")
LEAST_SECRET = 6  # characters: hiding shorter ones would make messages unreadable
HIDDEN = "***"


def service_headers(options: Sequence[str]) -> Mapping[str, str]:
    """The headers of ``--header`` and, where it does not name them, of the variables."""
    lines = [pair for text in options for pair in option_lines(text)]
    return {**headers_of(variable_lines()), **headers_of(lines)}


def option_lines(text: str) -> Iterator[tuple[str, str]]:
    """Each line with its place; ``@FILE`` stands for the lines of a file, as with curl."""
    if not text.startswith("@"):
        yield "--header", text
        return
    path = Path(text[1:])
    try:
        content = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"--header {text}: {error}") from error
    yield from numbered_lines(content, source=str(path))


def variable_lines() -> Iterator[tuple[str, str]]:
    yield from numbered_lines(os.environ.get(HEADERS_VARIABLE, ""), source=f"${HEADERS_VARIABLE}")
    token = os.environ.get(TOKEN_VARIABLE, "").strip()
    if token:
        yield f"${TOKEN_VARIABLE}", f"authorization: Bearer {token}"


def numbered_lines(text: str, *, source: str) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and not line.startswith("#"):
            yield f"{source}, line {number}", line


def headers_of(lines: Iterator[tuple[str, str]] | Sequence[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for place, line in lines:
        name, value = parse_header(line, place=place)
        if name in found:
            raise InputError(f"{place}: header {name!r} is given twice")
        found[name] = value
    return found


def parse_header(line: str, *, place: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    name, value = name.strip().lower(), value.strip()
    if not colon or not NAME.fullmatch(name):
        raise InputError(f"{place}: is not 'NAME: VALUE'")
    if name in OWN:
        raise InputError(f"{place}: header {name!r} is set by framegate itself")
    if not value:
        raise InputError(f"{place}: header {name!r} has no value")
    if not value.isascii() or not value.isprintable():
        raise InputError(f"{place}: the value of header {name!r} is not printable ASCII")
    return name, value


def hide_secrets(text: str, headers: Mapping[str, str]) -> str:
    """The text without the values of headers, which a service may repeat in what it says."""
    known = {word for value in headers.values() for word in (value, value.partition(" ")[2])}
    for word in sorted(known, key=len, reverse=True):
        if len(word) >= LEAST_SECRET:
            text = text.replace(word, HIDDEN)
    return text
