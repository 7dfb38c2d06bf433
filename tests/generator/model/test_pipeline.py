"""The model: real weights, real frames."""

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch

from framegate.generator.model.denoiser import Denoiser
from framegate.generator.model.model import Model, load_model, quantise_weights
from framegate.generator.model.patch_codec import fit_codec
from framegate.generator.model.pipeline import Pixels, generate_frames
from framegate.generator.model.sampler import sample
from framegate.generator.model.train import random_crops, train
from framegate.generator.model.versions import MODELS
from framegate.generator.request import RequestError, VideoRequest
from framegate.generator.service.video_body import parse_request
from framegate.generator.workers.reference_painter import reference_frames
from framegate.quality.metrics.ssim import ssim_rgb

PROMPTS = ("a red ball bouncing over the sea", "two golden stars orbiting in space")


@pytest.fixture(scope="module", params=list(MODELS))
def model(request: pytest.FixtureRequest) -> Model:
    return load_model(request.param)


@pytest.fixture(scope="module")
def good() -> Model:
    return load_model("ref-1")


def asked(prompt: str, model: str = "ref-1", **fields: object) -> VideoRequest:
    return parse_request({"prompt": prompt, "model": model, "seed": 1, "seconds": 1, **fields})


def first_frames(model: Model, request: VideoRequest, count: int) -> list[Pixels]:
    return [frame.rgb for frame in islice(generate_frames(model, request), count)]


def mean_ssim(model: Model, request: VideoRequest, count: int = 4) -> float:
    pairs = zip(reference_frames(request), first_frames(model, request, count), strict=False)
    return float(np.mean([ssim_rgb(true, painted) for true, painted in pairs]))


@pytest.mark.parametrize("prompt", PROMPTS)
def test_the_reference_model_paints_the_scene(good: Model, prompt: str) -> None:
    assert mean_ssim(good, asked(prompt)) > 0.93


@pytest.mark.parametrize("prompt", PROMPTS)
def test_the_draft_model_is_worse(good: Model, prompt: str) -> None:
    draft = load_model("ref-2-draft")
    assert mean_ssim(draft, asked(prompt, "ref-2-draft")) < mean_ssim(good, asked(prompt)) - 0.03


def test_the_same_request_gives_the_same_frames(model: Model) -> None:
    request = asked(PROMPTS[0], model.version.name)
    first, second = first_frames(model, request, 3), first_frames(model, request, 3)
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("size", ["512x288", "1024x1024"])
def test_the_model_paints_frames_larger_than_its_training_crops(good: Model, size: str) -> None:
    request = asked(PROMPTS[0], size=size)
    assert mean_ssim(good, request, 1) > 0.93


def test_the_last_second_of_half_a_minute_is_as_good_as_the_first(good: Model) -> None:
    request = asked(PROMPTS[0], seconds=30, fps=1)
    true = list(reference_frames(request))
    painted = [frame.rgb for frame in generate_frames(good, request)]
    assert len(painted) == 30
    early, late = (
        np.mean([ssim_rgb(a, b) for a, b in zip(true[part], painted[part], strict=True)])
        for part in (slice(0, 5), slice(25, 30))
    )
    assert late > early - 0.02


def test_an_unknown_model_is_named() -> None:
    with pytest.raises(RequestError, match="'ref-9' is unknown; known: ref-1"):
        load_model("ref-9")


def test_the_codec_keeps_what_it_was_made_for() -> None:
    pixels, _ = random_crops(np.random.default_rng(0), 24)
    codec = fit_codec(pixels)
    error = (codec.decode(codec.encode(pixels)) - pixels).square().mean()
    assert -10 * torch.log10(error) > 35.0


def test_a_perfect_denoiser_is_followed_to_its_end() -> None:
    clean = torch.randn(1, 32, 4, 4, generator=torch.Generator().manual_seed(1))

    class Perfect(Denoiser):
        def forward(self, *_: torch.Tensor) -> torch.Tensor:
            return clean

    noise, controls = torch.ones(1, 32, 4, 4), torch.zeros(1, 60, 4, 4)
    for steps in (1, 4, 8):
        assert torch.allclose(sample(Perfect(), noise, controls, steps=steps), clean, atol=1e-6)


def test_rounding_weights_leaves_few_values() -> None:
    weights = torch.randn(2, 50, generator=torch.Generator().manual_seed(1))
    assert len(set(quantise_weights(weights, 3)[0].tolist())) <= 7
    assert torch.equal(quantise_weights(weights, 16), weights)


def test_training_lowers_the_loss(capsys: pytest.CaptureFixture[str]) -> None:
    train(steps=60, seed=1, pool=48, crop=48, report_every=20)
    losses = [float(line.split()[-1]) for line in capsys.readouterr().out.splitlines()]
    assert len(losses) == 3
    assert losses[2] < 0.8 * losses[0]


def test_fresh_noise_flickers_more_than_shared_noise(good: Model) -> None:
    draft = load_model("ref-2-draft")
    shared = Model(replace(draft.version, noise=good.version.noise), draft.denoiser, draft.codec)
    still = asked("a ball spinning in a studio", fps=60)

    def unrest(model: Model) -> float:
        true = np.stack(list(islice(reference_frames(still), 6))).astype(float)
        error = np.stack(first_frames(model, still, 6)).astype(float) - true
        return float(np.abs(np.diff(error, axis=0)).mean())

    assert unrest(draft) > 1.2 * unrest(shared)
