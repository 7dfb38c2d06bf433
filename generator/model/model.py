"""A model version, loaded and ready to paint."""

from dataclasses import dataclass
from pathlib import Path

from safetensors.torch import load_file
from torch import Tensor

from framegate.generator.model.denoiser import Denoiser, to_channels_last
from framegate.generator.model.patch_codec import Codec
from framegate.generator.model.versions import WEIGHTS_PATH, ModelVersion, model_version


@dataclass(frozen=True, slots=True)
class Model:
    """A model version ready to paint."""

    version: ModelVersion
    denoiser: Denoiser
    codec: Codec


def load_model(name: str, *, weights: Path = WEIGHTS_PATH) -> Model:
    version = model_version(name)
    tensors = load_file(weights)
    denoiser = Denoiser()
    denoiser.load_state_dict(
        {
            key.removeprefix("denoiser."): quantise_weights(value.float(), version.weight_bits)
            for key, value in tensors.items()
            if key.startswith("denoiser.")
        }
    )
    codec = Codec(
        basis=tensors["codec.basis"], mean=tensors["codec.mean"], scale=tensors["codec.scale"]
    )
    return Model(version, to_channels_last(denoiser.eval()), codec)


def quantise_weights(weights: Tensor, bits: int) -> Tensor:
    """Weights on 2^bits even steps per output channel; 16 bits and vectors stay as they are."""
    if bits >= 16 or weights.ndim < 2:
        return weights
    largest = weights.flatten(1).abs().amax(1).clamp_min(1e-12)
    step = (largest / (2 ** (bits - 1) - 1)).view(-1, *[1] * (weights.ndim - 1))
    even: Tensor = (weights / step).round() * step
    return even
