"""The denoiser: a small convolutional U-Net that predicts the clean latent of one frame."""

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, pixel_unshuffle, silu

from framegate.generator.model.patch_codec import COEFFICIENTS, PATCH
from framegate.generator.scene.render import CELL, CONTROL_CHANNELS

CELLS = PATCH // CELL  # control cells per latent position and side
CONTROLS = CONTROL_CHANNELS * CELLS * CELLS
WIDTH, DEEP_WIDTH, TIME_WIDTH = 48, 96, 64


class ChannelNorm(nn.Module):
    """Normalises every position over its channels.

    Unlike group normalisation it is blind to the frame's size, so that a model trained on crops
    paints whole frames alike, and one corner's motion does not touch the other corner.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)  # type: ignore[no-any-return]


class Block(nn.Module):
    """Two 3 by 3 convolutions beside a shortcut, modulated by the noise level."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm_in = ChannelNorm(width)
        self.conv_in = nn.Conv2d(width, width, 3, padding=1)
        self.film = nn.Linear(TIME_WIDTH, 2 * width)
        self.norm_out = ChannelNorm(width)
        self.conv_out = nn.Conv2d(width, width, 3, padding=1)
        nn.init.zeros_(self.conv_out.weight)

    def forward(self, x: Tensor, level: Tensor) -> Tensor:
        scale, shift = self.film(level)[:, :, None, None].chunk(2, dim=1)
        hidden = self.conv_in(silu(self.norm_in(x)))
        hidden = self.norm_out(hidden) * (1.0 + scale) + shift
        return x + self.conv_out(silu(hidden))  # type: ignore[no-any-return]  # nn.Module's call


class Denoiser(nn.Module):
    """Noisy latent, noise level and control maps to the clean latent."""

    def __init__(self) -> None:
        super().__init__()
        self.level = nn.Sequential(nn.Linear(16, TIME_WIDTH), nn.SiLU())
        self.enter = nn.Conv2d(COEFFICIENTS + CONTROLS, WIDTH, 3, padding=1)
        self.before = nn.ModuleList([Block(WIDTH), Block(WIDTH)])
        self.down = nn.Conv2d(WIDTH, DEEP_WIDTH, 3, stride=2, padding=1)
        self.deep = Block(DEEP_WIDTH)
        self.up = nn.Conv2d(DEEP_WIDTH, WIDTH, 1)
        self.after = nn.ModuleList([Block(WIDTH), Block(WIDTH)])
        self.norm = ChannelNorm(WIDTH)
        self.leave = nn.Conv2d(WIDTH, COEFFICIENTS, 3, padding=1)

    def forward(self, noisy: Tensor, level: Tensor, controls: Tensor) -> Tensor:
        """(N, COEFFICIENTS, h, w), (N,) in 0..1, (N, CONTROLS, h, w) to the clean latent."""
        embedded = self.level(embed_noise_level(level))
        x = self.enter(torch.cat([noisy, controls], dim=1))
        for block in self.before:
            x = block(x, embedded)
        deep = self.deep(self.down(x), embedded)
        x = x + interpolate(self.up(deep), size=x.shape[-2:], mode="nearest")
        for block in self.after:
            x = block(x, embedded)
        return self.leave(silu(self.norm(x)))  # type: ignore[no-any-return]  # nn.Module's call


def to_channels_last(denoiser: Denoiser) -> Denoiser:
    """The same network with its weights laid out as the CPU's convolutions like them."""
    return denoiser.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


def embed_noise_level(level: Tensor) -> Tensor:
    """Noise levels (N,) as 16 sines and cosines."""
    turns = level[:, None] * torch.arange(1, 9, device=level.device) * (math.pi / 2)
    return torch.cat([turns.sin(), turns.cos()], dim=1)


def fold_controls(maps: Tensor) -> Tensor:
    """Control maps per cell (N, CONTROL_CHANNELS, h * CELLS, w * CELLS) to latent positions."""
    return pixel_unshuffle(maps, CELLS)
