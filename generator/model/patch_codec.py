"""The patch codec: 8 by 8 pixel patches to a few coefficients of a fixed basis, and back.

The basis is the principal components of rendered patches; it is made once by training and
stored beside the model's weights.
Coefficients are divided by the square root of their standard deviation, which tames the large
ones without blowing the small ones up to noise.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import pixel_shuffle, pixel_unshuffle

PATCH = 8  # pixels per side
COEFFICIENTS = 32


@dataclass(frozen=True, slots=True)
class Codec:
    """``basis`` (COEFFICIENTS, 3 * PATCH * PATCH), ``mean`` of a patch, ``scale`` per row."""

    basis: Tensor
    mean: Tensor
    scale: Tensor

    def encode(self, pixels: Tensor) -> Tensor:
        """(N, 3, H, W) in 0..1 to (N, COEFFICIENTS, H / PATCH, W / PATCH)."""
        patches = pixel_unshuffle(pixels, PATCH) - self.mean[:, None, None]
        return torch.einsum("kc,nchw->nkhw", self.basis, patches) / self.scale[:, None, None]

    def decode(self, latent: Tensor) -> Tensor:
        """(N, COEFFICIENTS, h, w) to (N, 3, h * PATCH, w * PATCH), not clipped."""
        coefficients = latent * self.scale[:, None, None]
        patches = torch.einsum("kc,nkhw->nchw", self.basis, coefficients)
        return pixel_shuffle(patches + self.mean[:, None, None], PATCH)


def fit_codec(pixels: Tensor) -> Codec:
    """The codec that keeps most of the given frames (N, 3, H, W) in 0..1."""
    patches = pixel_unshuffle(pixels, PATCH).permute(0, 2, 3, 1).reshape(-1, 3 * PATCH * PATCH)
    mean = patches.mean(0)
    centred = (patches - mean).double()
    _, vectors = torch.linalg.eigh(centred.T @ centred)
    basis = vectors.flip(1)[:, :COEFFICIENTS].T.float().contiguous()
    deviation = ((patches - mean) @ basis.T).std(0)
    scale = deviation.sqrt()
    return Codec(basis=basis, mean=mean, scale=scale * (deviation / scale).square().mean().sqrt())
