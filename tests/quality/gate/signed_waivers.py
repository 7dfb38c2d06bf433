"""A signed waiver, and a policy that names its signer."""

from datetime import date

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
)

from framegate.quality.gate.judging.waivers import Waiver
from tests.quality.gate.made_evidence import SSIM, THREE, policy

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))


RULE = f"metrics.{SSIM}.margin"


def public(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


RULES = policy(f"{THREE}approvers: {{ada: {public(KEY)} ada@example.org}}\n")


def signed_waiver(key: Ed25519PrivateKey = KEY, **changed: object) -> Waiver:
    fields = {
        "rule": RULE,
        "candidate": "new",
        "reason": "known since 1.2, fixed next week",
        "approver": "ada",
        "expires": date(2026, 11, 20),
        **changed,
    }
    return Waiver.model_validate(fields).sign(key)
