"""Each metric one step further: what it remembers, and its value for these frames.

LPIPS is imported where it is computed: torch takes longer to load than short clips to score, and
most processes only ask what metrics there are.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from framegate.quality.metrics import appearance, flash_risk
from framegate.quality.metrics.flicker import block_errors, flicker
from framegate.quality.metrics.flicker_nr import flicker_nr
from framegate.quality.metrics.flicker_vbench import stillness
from framegate.quality.metrics.metric import Abstention, StepResult
from framegate.quality.metrics.motion import Motion, Plane, motions
from framegate.quality.metrics.psnr import psnr
from framegate.quality.metrics.ssim import ms_ssim_rgb, ssim_luma, ssim_rgb
from framegate.quality.metrics.ssim_ffmpeg import ssim_ffmpeg
from framegate.quality.metrics.tof import tof
from framegate.quality.metrics.warp_error import MIN_COVERAGE, warp_error
from framegate.quality.video.decoder import Picture, Pixels
from framegate.quality.video.frame_pairs import NoReferenceFrame, Pair

if TYPE_CHECKING:
    from framegate.quality.metrics.lpips import Features


def ssim_step(_: Any, pair: Pair) -> StepResult:
    return None, ssim_rgb(pair.reference.rgb, pair.clip.rgb)


def ssim_luma_step(_: Any, pair: Pair) -> StepResult:
    peak = pair.clip.layout.peak
    return None, ssim_luma(pair.reference.luma, pair.clip.luma, peak=peak)


def ssim_ffmpeg_step(_: Any, pair: Pair) -> StepResult:
    bits = pair.clip.layout.bits
    return None, ssim_ffmpeg(pair.reference.planes, pair.clip.planes, bits=bits)


def ms_ssim_step(_: Any, pair: Pair) -> StepResult:
    return None, ms_ssim_rgb(pair.reference.rgb, pair.clip.rgb)


def psnr_step(_: Any, pair: Pair) -> StepResult:
    return None, psnr(pair.reference.planes, pair.clip.planes, bits=pair.clip.layout.bits)


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
    """Pairs of frames of a size to look at together."""
    from framegate.quality.metrics.lpips import frames_per_batch

    return max(1, frames_per_batch(height, width) // 2)


def full_size(picture: Picture) -> Pixels:
    return picture.rgb


def short_side_256(picture: Picture) -> Pixels:
    """8-bit RGB by area, 256 pixels on the shorter side; smaller frames stay as they are."""
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
    """Of all pictures; what other clips or metrics have asked for is there already."""
    from framegate.quality.metrics.lpips import features

    key = f"lpips {pixels.__name__}"
    pictures = {id(picture): picture for pair in pairs for picture in (pair.reference, pair.clip)}
    missing = [picture for picture in pictures.values() if key not in picture.made]
    if missing:
        found = features([pixels(picture) for picture in missing])
        for picture, of_picture in zip(missing, found, strict=True):
            picture.made[key] = of_picture
    return [(pair.reference.made[key], pair.clip.made[key]) for pair in pairs]


def flicker_step(before: Any, pair: Pair) -> StepResult:
    bits = pair.clip.layout.bits
    now = block_errors(pair.reference.luma, pair.clip.luma, bits=bits)
    return now, None if before is None else flicker(before, now)


def flicker_nr_step(before: Any, moment: Pair | NoReferenceFrame) -> StepResult:
    now, reading = flicker_nr(before, moment.clip.small_luma)
    if reading is None:
        return now, None
    if reading.value is None:
        return now, Abstention(f"motion can be trusted in {reading.coverage:.0%} of the frame")
    return now, reading.value


def flicker_vbench_step(before: Any, moment: Pair | NoReferenceFrame) -> StepResult:
    now = moment.clip.rgb
    return now, None if before is None else stillness(before, now)


def warp_error_step(before: Any, pair: Pair) -> StepResult:
    now = (pair.reference.index, pair.reference.small_luma, pair.clip.small_rgb)
    if before is None:
        return now, None
    index, small, colours = before
    value, coverage = warp_error(motion_from(index, small, pair.reference), (colours, now[2]))
    if coverage < MIN_COVERAGE:
        return now, Abstention(f"motion can be trusted in {coverage:.0%} of the frame")
    return now, value


def motion_from(index: int, small: Plane, picture: Picture) -> Motion:
    """From an earlier picture, given as its index and its ``small``; made once for all clips."""
    key = f"motion from {index}"
    if key not in picture.made:
        picture.made[key] = motions(small, picture.small_luma)[0]
    motion: Motion = picture.made[key]
    return motion


def tof_step(before: Any, pair: Pair) -> StepResult:
    now = (pair.reference.small_luma, pair.clip.small_luma)
    if before is None:
        return now, None
    return now, tof((before[0], now[0]), (before[1], now[1]))


def tlp_step(before: Any, pair: Pair) -> StepResult:
    now = (pair.index, *lpips_features([pair], full_size)[0])
    if before is None or before[0] != pair.index - 1:
        return now, None
    moved = lpips_distances(list(zip(before[1:], now[1:], strict=True)))
    return now, 100.0 * abs(moved[0] - moved[1])


def flash_step(before: Any, moment: Pair | NoReferenceFrame) -> StepResult:
    flashes = before or flash_risk.FlashCounter()
    return flashes, float(flashes.add(moment.clip.rgb, seconds=moment.clip.seconds))


def freeze_step(before: Any, moment: Pair | NoReferenceFrame) -> StepResult:
    now = moment.clip.small_luma
    return now, None if before is None else appearance.is_frozen(before, now)


def black_step(_: Any, moment: Pair | NoReferenceFrame) -> StepResult:
    clip = moment.clip
    return None, appearance.is_black(clip.luma, floor=clip.layout.floor, peak=clip.layout.peak)


def blur_step(_: Any, moment: Pair | NoReferenceFrame) -> StepResult:
    value = appearance.blur(moment.clip.small_luma)
    return None, Abstention("the frame is flat") if value is None else value


def blockiness_step(_: Any, moment: Pair | NoReferenceFrame) -> StepResult:
    value = appearance.blockiness(moment.clip.luma)
    return None, Abstention("the frame is flat") if value is None else value


def luma_step(_: Any, moment: Pair | NoReferenceFrame) -> StepResult:
    return None, float(moment.clip.small_luma.mean())


def colour_step(before: Any, moment: Pair | NoReferenceFrame) -> StepResult:
    now = moment.clip.small_rgb.mean(axis=(0, 1))
    first = now if before is None else before
    return first, appearance.colour_distance(first, now)
