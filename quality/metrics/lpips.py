"""LPIPS 0.1 with an AlexNet trunk (Zhang et al. 2018, arXiv 1801.03924), in plain torch.

The weights are the authors' own; ``quality/weights/README.md`` says where they come from.
"""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor
from torch.nn.functional import conv2d, max_pool2d, relu

Pixels = NDArray[np.uint8]

WEIGHTS = Path(__file__).parents[1] / "weights" / "lpips_alex_v0.1.safetensors"
SMALLEST_SIDE = 32  # below this the trunk's last layers have nothing left to look at


class Convolution(NamedTuple):
    """One layer of the trunk; ``pooled`` says whether a 3 by 3 max pool comes before it."""

    name: str
    stride: int
    padding: int
    pooled: bool


TRUNK = (
    Convolution("features.0", 4, 2, pooled=False),
    Convolution("features.3", 1, 2, pooled=True),
    Convolution("features.6", 1, 1, pooled=True),
    Convolution("features.8", 1, 1, pooled=False),
    Convolution("features.10", 1, 1, pooled=False),
)
# The trunk's input normalisation, for values in -1..1.
SHIFT = torch.tensor([-0.030, -0.088, -0.188]).view(1, 3, 1, 1)
SCALE = torch.tensor([0.458, 0.448, 0.450]).view(1, 3, 1, 1)


@torch.inference_mode()
def lpips_alex(reference: Pixels, clip: Pixels) -> float:
    """Perceptual distance of two 8-bit RGB frames (H, W, 3); 0 for equal frames, unbounded above.

    Frames are taken as 8-bit integers, so there is no range to mistake.
    Raises ValueError for frames of different shape or with a side below 32 pixels.
    """
    if reference.shape != clip.shape:
        raise ValueError(f"frames differ in shape: {reference.shape} and {clip.shape}")
    if min(reference.shape[:2]) < SMALLEST_SIDE:
        raise ValueError(f"frame {reference.shape[:2]} has a side below {SMALLEST_SIDE} pixels")
    weights = load_weights()
    pair = torch.from_numpy(np.stack([reference, clip])).permute(0, 3, 1, 2).float()
    x = (pair / 127.5 - 1.0 - SHIFT) / SCALE
    total = 0.0
    for index, layer in enumerate(TRUNK):
        x = max_pool2d(x, 3, 2) if layer.pooled else x
        weight, bias = weights[f"{layer.name}.weight"], weights[f"{layer.name}.bias"]
        x = relu(conv2d(x, weight, bias, layer.stride, layer.padding))
        first, second = unit_length(x)
        per_channel = (first - second).square().mean(dim=(1, 2))
        total += float(per_channel @ weights[f"lin{index}.weight"].flatten())
    return total


def unit_length(features: Tensor) -> Tensor:
    """Features scaled to length one over their channels, position by position."""
    return features / (features.square().sum(dim=1, keepdim=True).sqrt() + 1e-10)


@cache
def load_weights() -> dict[str, Tensor]:
    tensors: dict[str, Tensor] = load_file(WEIGHTS)
    return tensors
