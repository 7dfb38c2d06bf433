"""Ed25519 keys in OpenSSH format: signing waivers, and checking signatures."""

import base64
import binascii
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    load_ssh_private_key,
    load_ssh_public_key,
)

from framegate.telemetry.platform.errors import InputError


def public_key(text: str) -> Ed25519PublicKey:
    """Raises InputError for a text other than ``ssh-ed25519 AAAA… [comment]``."""
    try:
        key = load_ssh_public_key(text.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InputError(f"is not an OpenSSH public key: {error}") from error
    if not isinstance(key, Ed25519PublicKey):
        raise InputError("is not an ssh-ed25519 key")
    return key


def private_key(path: Path, *, password: bytes | None = None) -> Ed25519PrivateKey:
    """An unencrypted key, or one with its password; raises InputError naming the file."""
    try:
        key = load_ssh_private_key(path.read_bytes(), password)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise InputError(f"{path}: {error}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise InputError(f"{path}: is not an ssh-ed25519 key")
    return key


def sign_message(message: bytes, key: Ed25519PrivateKey) -> str:
    return base64.b64encode(key.sign(message)).decode()


def is_signed(message: bytes, signed: str, key: Ed25519PublicKey) -> bool:
    try:
        key.verify(base64.b64decode(signed, validate=True), message)
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True
