"""LPIPS 0.1 with an AlexNet trunk (Zhang et al. 2018, arXiv 1801.03924), in plain torch.

The weights are the authors' own; ``quality/weights/README.md`` says where they come from.
"""

import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor
from torch.nn.functional import conv2d, interpolate, max_pool2d, relu

from framegate.telemetry.platform.errors import InputError

Pixels = NDArray[np.uint8]

WEIGHTS_PATH = Path(__file__).parents[1] / "weights" / "lpips_alex_v0.1.safetensors"
DEVICE_VARIABLE = "FRAMEGATE_DEVICE"
CPU_PIXELS, DEVICE_PIXELS = 2**19, 2**24
MIN_SIDE_PIXELS = 32  # below this the trunk's last layers have nothing left to look at


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


Features = tuple[Tensor, ...]  # of each layer (C, h, w), of length one over its channels


def lpips_alex(reference: Pixels, clip: Pixels) -> float:
    """LPIPS 0.1 (AlexNet) of two 8-bit RGB frames (H, W, 3): 0 for equal frames, no upper bound.

    Zhang et al. 2018, equation 1, with the authors' weights. Frames are 8-bit integers, so the
    value range cannot be mistaken. Computed on the device that ``device`` names.
    Raises ValueError for frames of different shape or with a side below 32 pixels.
    """
    if reference.shape != clip.shape:
        raise ValueError(f"frames differ in shape: {reference.shape} and {clip.shape}")
    first, second = features([reference, clip])
    return distance(first, second)


@torch.inference_mode()
def features(frames: Sequence[Pixels]) -> list[Features]:
    """The features of several frames of one size; a batch is faster than one frame at a time.

    A frame's features can be used for any number of comparisons.
    """
    if min(frames[0].shape[:2]) < MIN_SIDE_PIXELS:
        raise ValueError(f"frame {frames[0].shape[:2]} has a side below {MIN_SIDE_PIXELS} pixels")
    where = device()
    weights, shift, scale = load_weights(where), SHIFT.to(where), SCALE.to(where)
    pixels = torch.from_numpy(np.stack(frames)).to(where)
    x = pixels.permute(0, 3, 1, 2).float() / 127.5 - 1.0  # channels last in memory
    x = (x - shift) / scale
    layers = []
    for layer in TRUNK:
        x = max_pool2d(x, 3, 2) if layer.pooled else x
        weight, bias = weights[f"{layer.name}.weight"], weights[f"{layer.name}.bias"]
        x = relu(conv2d(x, weight, bias, layer.stride, layer.padding))
        layers.append(normalise_channels(x))
    return [tuple(layer[index] for layer in layers) for index in range(len(frames))]


@torch.inference_mode()
def distance(first: Features, second: Features) -> float:
    """The LPIPS of two frames of the same size, from their features."""
    weights = load_weights(first[0].device)
    total = 0.0
    for index, (one, other) in enumerate(zip(first, second, strict=True)):
        per_channel = (one - other).square().mean(dim=(1, 2))
        total += float(per_channel @ weights[f"lin{index}.weight"].flatten())
    return total


@torch.inference_mode()
def distance_map(first: Features, second: Features) -> NDArray[np.float32]:
    """Where two frames differ: each layer's share of the distance by place, added up.

    Of the size of the first layer (a quarter of the frame); its mean is about the distance.
    """
    weights = load_weights(first[0].device)
    size = first[0].shape[1:]
    total = torch.zeros(1, 1, *size, device=first[0].device)
    for index, (one, other) in enumerate(zip(first, second, strict=True)):
        by_place = (one - other).square() * weights[f"lin{index}.weight"].view(-1, 1, 1)
        by_place = by_place.sum(dim=0)[None, None]
        total += interpolate(by_place, size=size, mode="bilinear", align_corners=False)
    return np.asarray(total[0, 0].cpu().numpy(), np.float32)


def normalise_channels(layer: Tensor) -> Tensor:
    """Features (n, C, h, w) scaled to length one over their channels, position by position."""
    return layer / (layer.square().sum(dim=1, keepdim=True).sqrt() + 1e-10)


@cache
def device() -> torch.device:
    """A CUDA device where there is one, else the processor; FRAMEGATE_DEVICE names another.

    Raises InputError for a device that torch cannot use.
    """
    name = os.environ.get(DEVICE_VARIABLE) or ("cuda" if torch.cuda.is_available() else "cpu")
    try:
        torch.empty(1, device=name)
    except (RuntimeError, AssertionError) as error:
        raise InputError(f"{DEVICE_VARIABLE} {name!r}: {str(error).splitlines()[0]}") from error
    # TF32 rounds to 10 bits; LPIPS would be off by up to a thousandth.
    torch.backends.cudnn.allow_tf32 = False
    return torch.device(name)


def frames_per_batch(height: int, width: int) -> int:
    """How many frames of a size to look at together: the processor's cache, the device's memory."""
    pixels = CPU_PIXELS if device().type == "cpu" else DEVICE_PIXELS
    return max(1, pixels // (height * width))


@cache
def load_weights(where: torch.device) -> dict[str, Tensor]:
    """The weights; kernels lie in memory as the frames do, channels last."""
    tensors: dict[str, Tensor] = load_file(WEIGHTS_PATH, device=str(where))
    last = torch.channels_last
    return {
        name: tensor.contiguous(memory_format=last) if tensor.dim() == 4 else tensor
        for name, tensor in tensors.items()
    }
