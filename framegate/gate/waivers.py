"""framegate gate waive: sign a waiver."""

import json
import os
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from framegate.quality.gate.judging.waivers import Waiver
from framegate.quality.gate.policy.keys import private_key


def sign_waiver(fields: Mapping[str, str], expires: date, key: Path) -> str:
    """One signed entry of a waivers file, as YAML."""
    password = os.environ.get("FRAMEGATE_KEY_PASSWORD")
    signer = private_key(key, password=password.encode() if password else None)
    waiver = Waiver(**fields, expires=expires).sign(signer)
    items = waiver.model_dump(mode="json").items()
    lines = [f"{name}: {json.dumps(value)}" for name, value in items]
    return "  - " + "\n    ".join(lines) + "\n"
