"""Flow matching in a few Euler steps (Lipman et al. 2023, arXiv 2210.02747)."""

from itertools import pairwise

import torch
from torch import Tensor

from framegate.generator.model.denoiser import Denoiser


def sample(denoiser: Denoiser, noise: Tensor, controls: Tensor, *, steps: int) -> Tensor:
    """Walk from noise at level 1 to a clean latent at level 0.

    Between them a latent at level t is (1 - t) * clean + t * noise.
    The denoiser predicts the clean end; each step moves along the line to it.
    """
    latent = noise
    levels = torch.linspace(1.0, 0.0, steps + 1).tolist()
    for level, after in pairwise(levels):
        clean = denoiser(latent, torch.full((latent.shape[0],), level), controls)
        latent = clean + (latent - clean) * (after / level)
    return latent
