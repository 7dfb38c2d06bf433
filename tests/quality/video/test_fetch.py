"""Where clips may be read from, and what is refused."""

from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from framegate.quality.scoring.task import ScoringTask, perform_task
from framegate.quality.video.fetch import ClipSources, is_below
from framegate.telemetry.platform.errors import InputError
from tests.buckets import running_s3
from tests.quality.jobs import file_server
from tests.videos import moving_frames, write_video


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("clip") / "clip.mp4", moving_frames(6))


@pytest.fixture(scope="module")
def bucket(clip: Path) -> Iterator[str]:
    """A bucket on a server that speaks S3, with a clip and what is not for the worker."""
    with running_s3():
        files = fsspec.filesystem("s3")
        files.mkdir("media")
        for key in ("clips/a.mp4", "private/b.mp4"):
            files.pipe_file(f"media/{key}", clip.read_bytes())
        yield "s3://media"


def test_a_clip_in_a_bucket_is_scored(bucket: str) -> None:
    sources = ClipSources(remotes=(f"{bucket}/clips",))
    url = f"{bucket}/clips/a.mp4"
    task = ScoringTask(url, url, metrics=("ssim_wang_rgb_v1",), sources=sources)
    outcome = perform_task(task)
    assert outcome.reason is None
    assert outcome.score
    assert outcome.score.metrics["ssim_wang_rgb_v1"].value == pytest.approx(1.0)


@pytest.mark.parametrize("key", ["private/b.mp4", "clips/../private/b.mp4", "clipsy/a.mp4"])
def test_what_lies_elsewhere_in_the_bucket_is_refused(bucket: str, key: str) -> None:
    sources = ClipSources(remotes=(f"{bucket}/clips",))
    with (
        pytest.raises(InputError, match="or below a --remote location"),
        sources.fetch(f"{bucket}/{key}"),
    ):
        pass


def test_what_a_bucket_lacks_is_an_error_with_its_url(bucket: str) -> None:
    sources = ClipSources(remotes=(bucket,))
    with (
        pytest.raises(InputError, match=r"s3://media/none\.mp4: "),
        sources.fetch(f"{bucket}/none.mp4"),
    ):
        pass


def test_a_url_that_fsspec_would_chain_is_refused() -> None:
    sources = ClipSources(remotes=("s3://media",))
    for url in ("simplecache::file:///etc/passwd", "s3://media/a::file:///etc/passwd"):
        with pytest.raises(InputError, match="is not an http"), sources.fetch(url):
            pass


@pytest.mark.parametrize(
    ("url", "root", "below"),
    [
        ("s3://b/clips/a", "s3://b/clips", True),
        ("s3://b/clips/a", "s3://b/clips/", True),
        ("s3://b/a", "s3://b", True),
        ("s3://b/clips2/a", "s3://b/clips", False),
        ("s3://b2/clips/a", "s3://b/clips", False),
        ("gs://b/clips/a", "s3://b/clips", False),
        ("s3://b/clips/../a", "s3://b/clips", False),
    ],
)
def test_below_is_by_whole_names(url: str, root: str, below: bool) -> None:
    assert is_below(url, root) is below


def test_files_are_read_only_below_the_given_folder(tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_bytes(b"x")
    sources = ClipSources(tmp_path)
    with sources.fetch(f"file://{tmp_path}/clip.mp4") as path:
        assert path.read_bytes() == b"x"
    for url in ("file:///etc/passwd", "../secret"):
        with pytest.raises(InputError, match="is outside"), sources.fetch(url):
            pass


def test_a_clip_that_is_too_large_is_not_kept(clip: Path, bucket: str) -> None:
    small = ClipSources(remotes=(bucket,), max_bytes=clip.stat().st_size - 1)
    with (
        file_server(clip.parent) as url,
        pytest.raises(InputError, match="is larger than"),
        small.fetch(f"{url}/clip.mp4"),
    ):
        pass
    with pytest.raises(InputError, match="is larger than"), small.fetch(f"{bucket}/clips/a.mp4"):
        pass
    enough = ClipSources(remotes=(bucket,), max_bytes=clip.stat().st_size)
    with enough.fetch(f"{bucket}/clips/a.mp4") as path:
        assert path.read_bytes() == clip.read_bytes()
