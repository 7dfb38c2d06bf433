"""The steps of the metrics that compute LPIPS; frames' features are computed once and shared.

LPIPS is imported inside the functions: torch takes longer to load than a short clip takes to score,
and most processes only need the table of metrics.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from framegate.quality.metrics.metric import StepResult
from framegate.quality.video.decoder import Picture, Pixels
from framegate.quality.video.frame_pairs import Pair

if TYPE_CHECKING:
    from framegate.quality.metrics.lpips import Features


def lpips_step(_: Any, pair: Pair) -> StepResult:
    return None, lpips_values([pair])[0]


def lpips_small_step(_: Any, pair: Pair) -> StepResult:
    return None, lpips_small_values([pair])[0]


def lpips_values(pairs: Sequence[Pair]) -> list[float]:
    return lpips_distances(lpips_features(pairs, full_size))


def lpips_small_values(pairs: Sequence[Pair]) -> list[float]:
    return lpips_distances(lpips_features(pairs, short_side_256))


def lpips_distances(found: "Sequence[tuple[Features, Features]]") -> list[float]:
    from framegate.quality.metrics.lpips import distance

    return [distance(*both) for both in found]


def lpips_batch_size(pair: Pair) -> int:
    return pairs_per_batch(*pair.clip.rgb.shape[:2])


def lpips_small_batch_size(pair: Pair) -> int:
    return pairs_per_batch(*small_size(*pair.clip.rgb.shape[:2]))


def pairs_per_batch(height: int, width: int) -> int:
    """How many pairs of frames of one size are computed in one batch."""
    from framegate.quality.metrics.lpips import frames_per_batch

    return max(1, frames_per_batch(height, width) // 2)


def full_size(picture: Picture) -> Pixels:
    return picture.rgb


def short_side_256(picture: Picture) -> Pixels:
    """8-bit RGB reduced by area averaging to 256 pixels on the shorter side; never enlarged."""
    height, width = small_size(*picture.rgb.shape[:2])
    if (height, width) == picture.rgb.shape[:2]:
        return picture.rgb
    return np.asarray(
        cv2.resize(picture.rgb, (width, height), interpolation=cv2.INTER_AREA), np.uint8
    )


def small_size(height: int, width: int) -> tuple[int, int]:
    scale = min(1.0, 256 / min(height, width))
    return round(height * scale), round(width * scale)


def lpips_features(
    pairs: Sequence[Pair], pixels: Callable[[Picture], Pixels]
) -> "list[tuple[Features, Features]]":
    """The features of every pair's two pictures.

    They are kept in ``Picture.made``: the reference's serve every clip, and both LPIPS and tLP.
    """
    from framegate.quality.metrics.lpips import features

    key = f"lpips {pixels.__name__}"
    pictures = {id(picture): picture for pair in pairs for picture in (pair.reference, pair.clip)}
    missing = [picture for picture in pictures.values() if key not in picture.made]
    if missing:
        found = features([pixels(picture) for picture in missing])
        for picture, of_picture in zip(missing, found, strict=True):
            picture.made[key] = of_picture
    return [(pair.reference.made[key], pair.clip.made[key]) for pair in pairs]


def tlp_step(before: Any, pair: Pair) -> StepResult:
    now = (pair.index, *lpips_features([pair], full_size)[0])
    if before is None or before[0] != pair.index - 1:
        return now, None
    moved = lpips_distances(list(zip(before[1:], now[1:], strict=True)))
    return now, 100.0 * abs(moved[0] - moved[1])
