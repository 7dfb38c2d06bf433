"""What clips of live traffic deliver, as the quality worker measured it."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from framegate.quality.gate.evidence.evidence import DeliveredClip, is_measurement
from framegate.telemetry.signals import names

DELIVERED = TypeAdapter(DeliveredClip)
ATTRIBUTES = {
    "frames": names.FRAMES,
    "seconds": names.DURATION,
    "frame_rate": names.FPS,
    "width": names.WIDTH,
    "height": names.HEIGHT,
    "pixel_format": names.PIXEL_FORMAT,
    "has_audio": names.HAS_AUDIO,
    "digest": names.FRAMES_DIGEST,
}


def deliveries(events: Iterable[Mapping[str, Any]]) -> Mapping[str, DeliveredClip]:
    """What each job delivered, by its id; the latest event of a job counts.

    ``events`` are rows of the named query ``logs``. An event that lacks something, or has it in
    another type, says nothing: the job's clip then counts as not measured.
    """
    found: dict[str, DeliveredClip] = {}
    for event in events:
        attributes = json.loads(event["attributes_json"])
        job_id, clip = attributes.get(names.JOB_ID), delivered_clip(attributes)
        if isinstance(job_id, str) and clip:
            found[job_id] = clip
    return found


def delivered_clip(attributes: Mapping[str, Any]) -> DeliveredClip | None:
    faults = attributes.get(names.CLIP_FAULTS)
    if not isinstance(faults, str):
        return None
    known = {name: attributes.get(attribute) for name, attribute in ATTRIBUTES.items()}
    try:
        listed = [one for one in faults.split(",") if one]
        found = DELIVERED.validate_python({**known, "faults": listed})
    except ValidationError:
        return None
    return found if all(map(is_measurement, (found.seconds, found.frame_rate))) else None
