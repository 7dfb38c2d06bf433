"""What the gate says of files: of another length or format, of no other origin, or broken."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import pytest

from framegate.quality.gate.evidence.clip_scoring import score_all
from framegate.quality.gate.evidence.evidence import Evidence
from framegate.quality.gate.evidence.fingerprint import scorer_environment
from framegate.quality.gate.evidence.folders import ClipFolder, clip_files
from framegate.quality.gate.judging.judge import GateResult, judge
from framegate.quality.scoring.pools import LocalPool, local_pool
from framegate.telemetry.platform.verdict import Verdict
from tests.quality.gate.made_evidence import NOW, policy
from tests.videos import moving_frames, write_video

PROMPTS, FRAMES, FPS = 4, 16, 8
METRICS = ("freeze_v1",)
HEAD = (
    "version: 1\nminimum_prompts: 4\nunmatched_share: 0\ntolerated_broken_share: 0.6\n"
    "metrics: {freeze_v1: {margin: 1}}\n"
)

Write = Callable[[Path, int], object]


@pytest.fixture(scope="module")
def pool() -> Iterator[LocalPool]:
    with local_pool(1) as opened:
        yield opened


def clip(path: Path, number: int, *, frames: int = FRAMES, fps: int = FPS, **more: object) -> Path:
    """A clip of one prompt; another ``model`` makes another picture."""
    width, model = int(str(more.pop("width", 64))), int(str(more.pop("model", 0)))
    pictures = moving_frames(frames, width=width, seed=100 * model + number)
    return write_video(path, pictures, fps=fps, **more)  # type: ignore[arg-type]


def folder(path: Path, write: Write) -> Path:
    path.mkdir()
    for number in range(PROMPTS):
        write(path / f"{number}.mp4", number)
    return path


def evidence(path: Path, pool: LocalPool, references: Path | None = None) -> Evidence:
    files = clip_files(ClipFolder(path, references=references), METRICS)
    found = score_all(files, METRICS, pool=pool, archive=None, done=lambda _: None)
    return Evidence(path.name, str(path), dict(scorer_environment()), tuple(found))


def judged(
    write: Write, pool: LocalPool, place: Path, more: str = "", *, baseline: Write = clip
) -> GateResult:
    sides = folder(place / "old", baseline), folder(place / "new", write)
    found = [evidence(side, pool) for side in sides]
    return judge(found[0], found[1], policy(HEAD + more).policy, at=NOW)


def other(path: Path, number: int) -> Path:
    return clip(path, number, model=1)


def with_audio(path: Path, number: int) -> Path:
    return clip(path, number, model=1, audio=True)


def test_other_pictures_of_the_same_length_and_format_pass(pool: LocalPool, tmp_path: Path) -> None:
    found = judged(other, pool, tmp_path)
    assert found.verdict is Verdict.PASS, found.reason


DIFFERENT: dict[str, tuple[Write, set[str], str]] = {
    "two frames of sixteen": (
        lambda path, number: clip(path, number, model=1, frames=2),
        {"duration", "frames"},
        "4 of 4 clips differ by more than 2%: 0 has 0.25 s, the baseline 2 s",
    ),
    "twelve frames of sixteen": (
        lambda path, number: clip(path, number, model=1, frames=12),
        {"duration", "frames"},
        "0 has 12 frames, the baseline 16 frames",
    ),
    "more frames in the same time": (
        lambda path, number: clip(path, number, model=1, frames=24, fps=12),
        {"frames", "frame_rate"},
        "0 has 12 frames per second, the baseline 8 frames per second",
    ),
    "a larger picture": (
        lambda path, number: clip(path, number, model=1, width=80),
        {"size"},
        "4 of 4 clips differ: 0 has 80x64, the baseline 64x64",
    ),
    "less colour": (
        lambda path, number: clip(path, number, model=1, pixel_format="yuv420p"),
        {"pixel_format"},
        "0 has yuv420p, the baseline yuv444p",
    ),
    "a sound": (with_audio, {"audio"}, "0 has audio, the baseline no audio"),
}


@pytest.mark.parametrize(("write", "rules", "said"), DIFFERENT.values(), ids=DIFFERENT)
def test_another_length_or_format_fails_unless_the_policy_allows_it(
    write: Write, rules: set[str], said: str, pool: LocalPool, tmp_path: Path
) -> None:
    found = judged(write, pool, tmp_path)
    failed = {str(check.rule) for check in found.checks if check.verdict is Verdict.FAIL}
    assert found.verdict is Verdict.FAIL
    assert failed == {f"delivery.{rule}" for rule in rules}
    assert said in found.reason
    allowed = ", ".join(f"{rule}: any" for rule in rules)
    rules_file = policy(f"{HEAD}delivery: {{{allowed}}}\n")
    again = judge(found.baseline, found.candidate, rules_file.policy, at=NOW)
    assert again.verdict is Verdict.PASS, again.reason


def test_a_sound_that_is_missing_fails_too(pool: LocalPool, tmp_path: Path) -> None:
    found = judged(other, pool, tmp_path, baseline=with_audio)
    assert (found.verdict, "no audio, the baseline audio" in found.reason) == (Verdict.FAIL, True)


def remuxed(path: Path, number: int) -> None:
    """The same pictures in another container, under another title."""
    source = clip(path.with_suffix(".source.mp4"), number)
    with av.open(str(source)) as read, av.open(str(path.with_suffix(".mkv")), "w") as written:
        written.metadata["title"] = f"clip {number} of the new model"
        stream = written.add_stream_from_template(read.streams.video[0])
        for packet in read.demux(read.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                written.mux(packet)
    source.unlink()


@pytest.mark.parametrize("write", [clip, remuxed], ids=["the same bytes", "another container"])
def test_a_candidate_that_shows_the_baselines_frames_was_not_tested(
    write: Write, pool: LocalPool, tmp_path: Path
) -> None:
    found = judged(write, pool, tmp_path)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "identity.clips: 4 of 4 clips show the same frames as the baseline's" in found.reason
    rules = policy(f"{HEAD}identity: {{expected: [clips]}}\n").policy
    assert judge(found.baseline, found.candidate, rules, at=NOW).verdict is Verdict.PASS


def test_a_link_to_the_baseline_is_the_baseline(pool: LocalPool, tmp_path: Path) -> None:
    old = folder(tmp_path / "old", clip)
    (tmp_path / "new").symlink_to(old)
    found = [evidence(path, pool) for path in (old, tmp_path / "new")]
    assert judge(found[0], found[1], policy(HEAD).policy, at=NOW).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("collapsed", ["baseline", "candidate"])
def test_one_clip_for_every_prompt_is_no_evidence(
    collapsed: str, pool: LocalPool, tmp_path: Path
) -> None:
    def one(path: Path, _: int) -> Path:
        return clip(path, 0, model=2)

    writes = (one, other) if collapsed == "baseline" else (clip, one)
    found = judged(writes[1], pool, tmp_path, baseline=writes[0])
    assert found.verdict is Verdict.INCONCLUSIVE
    assert f"{collapsed}: 4 of 4 prompts have the clip of another prompt: 0; 1; 2" in found.reason
    rules = policy(f"{HEAD}identity: {{expected: [prompts]}}\n").policy
    assert judge(found.baseline, found.candidate, rules, at=NOW).verdict is Verdict.PASS


def test_reference_footage_that_is_the_baselines_own_shows_no_harm(
    pool: LocalPool, tmp_path: Path
) -> None:
    """The baseline is perfect beside itself, and any other model is worse."""
    old, new = folder(tmp_path / "old", clip), folder(tmp_path / "new", other)
    found = [evidence(path, pool, references=old) for path in (old, new)]
    rules = policy(HEAD.replace("margin: 1", "ceiling: -1"))
    result = judge(found[0], found[1], rules.policy, at=NOW)
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "4 clips are their own reference footage: 0 (baseline)" in result.reason


def test_a_clip_of_another_size_than_its_reference_still_says_what_it_delivers(
    pool: LocalPool, tmp_path: Path
) -> None:
    truth = folder(tmp_path / "truth", other)
    old = folder(tmp_path / "old", clip)
    new = folder(tmp_path / "new", lambda path, number: clip(path, number, model=2, width=80))
    found = [evidence(path, pool, references=truth) for path in (old, new)]
    result = judge(found[0], found[1], policy(HEAD).policy, at=NOW)
    assert result.verdict is Verdict.FAIL
    assert "delivery.size: 4 of 4 clips differ: 0 has 80x64, the baseline 64x64" in result.reason


def cut(path: Path, number: int) -> None:
    clip(path, number, model=1)
    if number == 2:
        path.write_bytes(path.read_bytes()[:1000])


def hypertext(path: Path, number: int) -> None:
    if number == 2:
        path.write_text("<html>502 Bad Gateway</html>")
    else:
        clip(path, number, model=1)


@pytest.mark.parametrize("write", [cut, hypertext])
@pytest.mark.parametrize("rules", [HEAD, HEAD.replace("freeze_v1: {margin: 1}", "")])
def test_a_file_that_cannot_be_decoded_is_named_whatever_the_policy_measures(
    write: Write, rules: str, pool: LocalPool, tmp_path: Path
) -> None:
    sides = folder(tmp_path / "old", clip), folder(tmp_path / "new", write)
    found = [evidence(side, pool) for side in sides]
    result = judge(found[0], found[1], policy(rules).policy, at=NOW)
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "delivery: 1 files cannot be decoded: 2 (candidate: " in result.reason


def test_frames_that_the_file_promises_and_does_not_have_fail(
    pool: LocalPool, tmp_path: Path
) -> None:
    def short(path: Path, number: int) -> None:
        """A file whose header names all frames, with the last packets taken out."""
        clip(path.with_suffix(".source.mp4"), number, model=1)
        with (
            av.open(str(path.with_suffix(".source.mp4"))) as read,
            av.open(str(path), "w") as written,
        ):
            stream = written.add_stream_from_template(read.streams.video[0])
            for packet in read.demux(read.streams.video[0]):
                if packet.dts is not None and not 6 <= packet.dts // (packet.duration or 1) < 9:
                    packet.stream = stream
                    written.mux(packet)
        path.with_suffix(".source.mp4").unlink()

    found = judged(short, pool, tmp_path, "delivery: {frames: any}\n")
    assert found.verdict is Verdict.FAIL
    assert "delivery.intact: 4 of 4 clips have other faults: 0 has gap" in found.reason


def test_an_old_record_says_nothing_of_its_files(pool: LocalPool, tmp_path: Path) -> None:
    found = judged(other, pool, tmp_path)
    bare = tuple(
        type(one)(one.key, one.unit, one.prompt, values=one.values) for one in found.baseline.clips
    )
    old = Evidence("old", "a record", found.baseline.environment, bare)
    result = judge(old, found.candidate, policy(HEAD).policy, at=NOW)
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "delivery: 4 clips were not measured: 0 (baseline)" in result.reason
    shutil.rmtree(tmp_path / "old")
