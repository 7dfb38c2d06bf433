"""A running generator, and a small suite that it makes in seconds."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from framegate.local.children import Child, start_child, stop_children

SUITE = """\
version: 1
name: small
defaults: {size: 256x256, duration: 1, fps: 8, class: batch}
prompts:
  - {prompt: a green ball bouncing in space, seed: 1, category: other}
  - {prompt: two navy cubes jumping in the desert, seed: 2, category: other}
  - {prompt: a silver balloon orbiting in the desert, seed: 3, category: orbit}
  - {prompt: a golden box circling in a studio, seed: 4, category: orbit}
  - {prompt: a lime flower orbiting over the ocean, seed: 5, category: orbit}
  - {prompt: a grey crate rolling in the snow, seed: 6, category: other}
  - {prompt: a yellow wheel races on the lake, seed: 7, category: other}
  - {prompt: a red flower spinning over the city, seed: 8, category: other}
"""
POLICY = """\
version: 1
minimum_prompts: 8
unmatched_share: 0
metrics:
  ssim_wang_rgb_v1:
    margin: 0.0005
    categories: {margin: 0.01, minimum_prompts: 3}
    worst: {prompts: 2, margin: 0.02}
  lpips_alex_v0.1: {relative_margin: 0.01}
  flicker_fr_v1: {relative_margin: 0.005}
  freeze_v1: {margin: 0.02}
  failed_v1: {ceiling: 0}
  frame_time_v1: {tier: supporting, relative_margin: 0.3}
environment: {may_differ: [times]}
"""


@pytest.fixture(scope="module")
def generator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Child]:
    folder = tmp_path_factory.mktemp("generator")
    place = ["--artifacts", str(folder / "clips"), "--spool", str(folder / "spool")]
    child = start_child(
        "generator",
        ["generator", *place, "--price-per-hour", "2"],
        log=folder / "log",
        environment={},
    )
    try:
        child.wait_ready()
        yield child
    finally:
        stop_children([child])


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``suite.yaml`` and ``gate.yaml``."""
    folder = tmp_path_factory.mktemp("rules")
    (folder / "suite.yaml").write_text(SUITE)
    (folder / "gate.yaml").write_text(POLICY)
    return folder
