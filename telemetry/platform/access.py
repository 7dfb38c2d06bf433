"""Who may send to the collector and who may query it: bearer tokens (RFC 6750) with scopes."""

import hashlib
import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from framegate.telemetry.platform.errors import InputError

TOKENS_VARIABLE = "FRAMEGATE_TOKENS"  # the contents of a tokens file
TOKEN_VARIABLE = "FRAMEGATE_TOKEN"
MIN_TOKEN_LENGTH = 16  # characters


class Scope(StrEnum):
    INGEST = "ingest"
    READ = "read"
    OPERATE = "operate"  # silence alerts, correct budgets


class AccessError(Exception):
    """The caller may not do this; ``status`` is the HTTP status to answer with."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Access:
    """The scopes of each token, by the token's SHA-256; tokens themselves are not kept."""

    scopes: Mapping[bytes, frozenset[Scope]] = field(default_factory=dict, repr=False)

    @property
    def requires_token(self) -> bool:
        """Whether callers need a token."""
        return bool(self.scopes)

    def check(self, authorization: str | None, scope: Scope) -> None:
        """Raise AccessError unless the header ``Authorization`` carries a token for the scope.

        Every token is compared, in constant time, whichever one matches.
        """
        if not self.requires_token:
            return
        kind, _, token = (authorization or "").partition(" ")
        if kind.lower() != "bearer" or not token:
            raise AccessError(401, "missing bearer token")
        given = token_digest(token.strip())
        known = [held for held in self.scopes if hmac.compare_digest(held, given)]
        if not known:
            raise AccessError(401, "invalid bearer token")
        if scope not in self.scopes[known[0]]:
            raise AccessError(403, f"the bearer token lacks scope {scope.value!r}")


def token_digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def load_access(path: Path | None) -> Access:
    """The tokens of a file or, without one, of the variable FRAMEGATE_TOKENS.

    Each line has one or more scopes, separated by commas, then a space and a token of 16 or more
    characters; lines that start with # are comments.
    Without file and variable, no token is needed; a file without tokens raises InputError.
    """
    if path is None:
        text = os.environ.get(TOKENS_VARIABLE)
        return Access() if text is None else parse_tokens(text, source=f"${TOKENS_VARIABLE}")
    try:
        return parse_tokens(path.read_text(), source=str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"tokens {path}: {error}") from error


def parse_tokens(text: str, *, source: str) -> Access:
    scopes: dict[bytes, frozenset[Scope]] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and not line.startswith("#"):
            token, allowed = parse_token_line(line, place=f"tokens {source}, line {number}")
            scopes[token_digest(token)] = allowed
    if not scopes:
        raise InputError(f"tokens {source}: contains no tokens")
    return Access(scopes)


def parse_token_line(line: str, *, place: str) -> tuple[str, frozenset[Scope]]:
    """One line's token and scopes; messages never repeat the token."""
    names, _, token = line.strip().partition(" ")
    token = token.strip()
    try:
        allowed = frozenset(Scope(name) for name in names.split(","))
    except ValueError as error:
        raise InputError(
            f"{place}: unknown scope; use {', '.join(Scope)}, separated by commas"
        ) from error
    if len(token) < MIN_TOKEN_LENGTH or any(character.isspace() for character in token):
        raise InputError(
            f"{place}: a token needs at least {MIN_TOKEN_LENGTH} characters and no spaces"
        )
    return token, allowed


def authorization_headers(token: str | None = None) -> dict[str, str]:
    """The authorization header with ``token`` or that of FRAMEGATE_TOKEN; empty without one."""
    token = token or os.environ.get(TOKEN_VARIABLE)
    return {"authorization": f"Bearer {token}"} if token else {}
