"""The gate's JSON Schemas, for editors and other programs.

``python -m framegate.quality.gate.judging.schemas FOLDER`` writes them.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from framegate.quality.gate.judging import document
from framegate.quality.gate.policy import policy

SCHEMAS: Mapping[str, Any] = {
    "gate-policy.schema.json": policy.schema,
    "gate-verdict.schema.json": document.schema,
}


def text_of(name: str) -> str:
    return json.dumps(SCHEMAS[name](), indent=2) + "\n"


if __name__ == "__main__":
    for schema in SCHEMAS:
        (Path(sys.argv[1]) / schema).write_text(text_of(schema))
