"""Flashes that may harm viewers with photosensitive epilepsy, by the definitions of WCAG 2.2.

A general flash is a pair of opposing changes of relative luminance of a tenth or more with the
darker state below 0.8; a red flash is one of saturated red. It counts when a quarter of the frame
takes part, and more than three in a second are a risk. This is a warning, not a certified test.
"""

from collections import deque
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Grid = NDArray[np.float32]

WIDTH, HEIGHT = 64, 36  # a frame is reduced to this size by area averaging
FLASH_AREA_SHARE = 0.25
LUMINANCE_STEP, DARKER_BELOW = 0.1, 0.8
RED_STEP, RED_SCALE, RED_SHARE = 20.0, 320.0, 0.8
LUMINANCE_WEIGHTS = np.array([0.2126, 0.7152, 0.0722], np.float32)
WINDOW_SECONDS = 1.0

_levels = np.arange(256) / 255.0
SRGB_TO_LINEAR = np.where(_levels <= 0.04045, _levels / 12.92, ((_levels + 0.055) / 1.055) ** 2.4)


@dataclass
class TransitionCounter:
    """Counts rises and falls of a value at every place of the frame."""

    low: Grid | None = None
    high: Grid | None = None
    last: NDArray[np.int8] | None = None
    turns: deque[tuple[float, int]] = field(default_factory=deque)

    def add(self, values: Grid, *, step: float, below: float, seconds: float) -> int:
        """Add one frame; returns the number of pairs of opposing changes in the last second."""
        if self.low is None or self.high is None or self.last is None:
            self.low, self.high, self.last = values, values, np.zeros(values.shape, np.int8)
        rise = (values - self.low >= step) & (self.low < below) & (self.last != 1)
        fall = (self.high - values >= step) & (values < below) & (self.last != -1)
        turned = rise | fall
        self.low = np.where(turned, values, np.minimum(self.low, values))
        self.high = np.where(turned, values, np.maximum(self.high, values))
        self.last = np.where(rise, 1, np.where(fall, -1, self.last)).astype(np.int8)
        for direction, moved in ((1, rise), (-1, fall)):
            if moved.mean() >= FLASH_AREA_SHARE and (
                not self.turns or self.turns[-1][1] != direction
            ):
                self.turns.append((seconds, direction))
        while self.turns and self.turns[0][0] <= seconds - WINDOW_SECONDS:
            self.turns.popleft()
        return len(self.turns) // 2


@dataclass
class FlashCounter:
    """Counts the general and the red flashes of one clip, frame by frame."""

    light: TransitionCounter = field(default_factory=TransitionCounter)
    red: TransitionCounter = field(default_factory=TransitionCounter)

    def add(self, rgb: Pixels, *, seconds: float) -> int:
        """Add an 8-bit RGB frame (H, W, 3); returns the flashes in the second that ends with it."""
        linear = SRGB_TO_LINEAR[rgb].astype(np.float32)
        small = np.asarray(
            cv2.resize(linear, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA), np.float32
        )
        luminance = np.asarray(small @ LUMINANCE_WEIGHTS, np.float32)
        general = self.light.add(
            luminance, step=LUMINANCE_STEP, below=DARKER_BELOW, seconds=seconds
        )
        redness = self.red.add(redness_of(small), step=RED_STEP, below=np.inf, seconds=seconds)
        return max(general, redness)


def redness_of(linear: NDArray[np.float32]) -> Grid:
    """(R - G - B) * 320 where red is saturated, 0 elsewhere."""
    red, others = linear[..., 0], linear[..., 1] + linear[..., 2]
    saturated = red >= RED_SHARE * (red + others)
    return np.where(saturated, np.maximum(red - others, 0) * RED_SCALE, 0).astype(np.float32)
