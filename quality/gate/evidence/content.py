"""What a side shows, as one id: waivers name a candidate by it, not only by its name."""

import hashlib
import json

from framegate.quality.gate.evidence.evidence import Clip, Evidence
from framegate.quality.gate.evidence.fingerprint import LIVE, TIMES


def content_id_of(evidence: Evidence) -> str:
    """The same for the same frames under the same keys, whoever scored them and when.

    Live scores grow from query to query and have no files: all that names them is the model's
    version.
    """
    if evidence.environment.get(TIMES) == LIVE:
        return f"model:{evidence.name}"
    rows = sorted(json.dumps([clip.key, shown_by(clip)]) for clip in evidence.clips)
    return f"sha256:{hashlib.sha256(chr(10).join(rows).encode()).hexdigest()}"


def shown_by(clip: Clip) -> str | dict[str, float]:
    """The digest of a clip's frames; the values of one whose file was not measured."""
    return clip.delivery.digest if clip.delivery else dict(sorted(clip.values.items()))
