"""Metrics of change over time, on frames whose answer is known."""

import numpy as np
import pytest
from numpy.typing import NDArray

from framegate.quality.metrics.motion import motions
from framegate.quality.metrics.no_reference.flash_risk import FlashCounter
from framegate.quality.metrics.no_reference.flicker_nr import (
    FlickerReading,
    PreviousFrame,
    flicker_nr,
)
from framegate.quality.metrics.no_reference.flicker_vbench import stillness
from framegate.quality.metrics.tof import tof
from framegate.quality.metrics.warp_error import warp_error

Plane = NDArray[np.float32]
Colour = tuple[int, int, int]


def picture(*, seed: int = 3, size: tuple[int, int] = (160, 224)) -> Plane:
    """A smooth texture that motion can be found in, levels 40 to 200."""
    random = np.random.default_rng(seed)
    coarse = random.normal(0, 1, (size[0] // 8, size[1] // 8))
    rows, columns = (np.linspace(0, n - 1.001, m) for n, m in zip(coarse.shape, size, strict=True))
    y, x = np.meshgrid(rows, columns, indexing="ij")
    top, left = y.astype(int), x.astype(int)
    v, u = y - top, x - left
    smooth = (
        coarse[top, left] * (1 - v) * (1 - u)
        + coarse[top + 1, left] * v * (1 - u)
        + coarse[top, left + 1] * (1 - v) * u
        + coarse[top + 1, left + 1] * v * u
    )
    low, high = smooth.min(), smooth.max()
    return np.asarray(40 + 160 * (smooth - low) / (high - low), np.float32)


def sliding(count: int, *, step: int = 1) -> list[Plane]:
    wide = picture(size=(160, 320))
    return [wide[:, step * n : step * n + 224].copy() for n in range(count)]


def readings(frames: list[Plane]) -> list[FlickerReading]:
    before: PreviousFrame | None = None
    found = []
    for frame in frames:
        before, reading = flicker_nr(before, frame)
        if reading:
            found.append(reading)
    return found


def values(frames: list[Plane]) -> list[float]:
    return [reading.value for reading in readings(frames) if reading.value is not None]


def test_an_alternation_of_plus_and_minus_one_reads_two_with_and_without_motion() -> None:
    for frames in ([picture()] * 6, sliding(6)):
        shaken = [frame + (1 if n % 2 else -1) for n, frame in enumerate(frames)]
        assert len(values(shaken)) == 4
        assert values(shaken) == pytest.approx([2.0] * 4, abs=0.1)


def test_stillness_motion_and_fades_are_no_flicker() -> None:
    assert values([picture()] * 5) == pytest.approx([0.0] * 3, abs=1e-3)
    assert max(values(sliding(6, step=2))) < 0.2
    faded = [frame + 3 * n for n, frame in enumerate(sliding(6))]
    assert max(values(faded)) < 0.2


def test_where_motion_cannot_be_trusted_there_is_no_value() -> None:
    cuts = [picture(seed=seed) for seed in range(5)]
    found = readings(cuts)
    assert len(found) == 3
    assert all(reading.value is None and reading.coverage < 0.5 for reading in found)


def test_frames_too_small_for_motion_are_refused() -> None:
    tiny = np.zeros((16, 16), np.float32)
    before, reading = flicker_nr(None, tiny)
    assert reading is None
    with pytest.raises(ValueError, match="too small"):
        flicker_nr(before, tiny)


def test_warp_error_is_the_square_of_what_changed_along_the_motion() -> None:
    first, second = sliding(2)
    colours = [
        np.asarray(np.repeat(frame[..., None], 3, axis=2) / 255, np.float32)
        for frame in (first, second)
    ]
    onward, _ = motions(first, second)
    value, coverage = warp_error(onward, (colours[0], colours[1]))
    assert coverage > 0.8
    assert value == pytest.approx(0.0, abs=1e-5)
    value, _ = warp_error(onward, (colours[0], colours[1] + np.float32(0.1)))
    assert value == pytest.approx(0.01, abs=1e-4)


def test_tof_is_the_difference_of_two_motions_in_pixels() -> None:
    slow, fast = sliding(2, step=1), sliding(2, step=3)
    assert tof((slow[0], slow[1]), (slow[0], slow[1])) == 0.0
    assert tof((slow[0], slow[1]), (fast[0], fast[1])) == pytest.approx(2.0, abs=0.25)


def test_vbenchs_formula_takes_the_mean_over_all_samples() -> None:
    before, now = np.zeros((4, 4, 3), np.uint8), np.full((4, 4, 3), 51, np.uint8)
    assert stillness(before, now) == pytest.approx(0.8)
    assert stillness(now, before) == pytest.approx(0.8)
    assert stillness(now, now) == 1.0


def most_flashes(colours: list[Colour], *, fps: int = 24, share: float = 1.0) -> int:
    """Flashes in the worst second of a clip whose frames have these colours on black."""
    flashes, most = FlashCounter(), 0
    for index, colour in enumerate(colours):
        frame = np.zeros((90, 160, 3), np.uint8)
        frame[:, : round(160 * share)] = colour
        most = max(most, flashes.add(frame, seconds=index / fps))
    return most


BLACK, WHITE, RED, DARK_GRAY = (0, 0, 0), (255, 255, 255), (255, 0, 0), (60, 60, 60)


def blinking(colour: Colour, *, hertz: int, fps: int = 24) -> list[Colour]:
    """Two seconds of a colour and black in turns."""
    return [colour if (2 * hertz * n // fps) % 2 else BLACK for n in range(2 * fps)]


@pytest.mark.parametrize("hertz", [1, 2, 3, 4, 6, 12])
def test_flashes_are_counted_by_the_second(hertz: int) -> None:
    assert most_flashes(blinking(WHITE, hertz=hertz)) == hertz


def test_small_dim_and_steady_changes_are_no_flashes() -> None:
    assert most_flashes(blinking(WHITE, hertz=6), share=0.2) == 0
    assert most_flashes(blinking(DARK_GRAY, hertz=6)) == 0
    assert most_flashes([(n, n, n) for n in range(0, 240, 5)]) == 0
    assert most_flashes([(250, 250, 250), (255, 255, 255)] * 24) == 0


def test_saturated_red_counts_where_its_light_alone_would_not() -> None:
    dim_red = (150, 0, 0)  # relative luminance 0.065
    assert most_flashes(blinking(dim_red, hertz=5)) == 5
    assert most_flashes(blinking(RED, hertz=5)) == 5
