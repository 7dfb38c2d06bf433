"""Evidence from a folder of clips, whose prompts a manifest, a pattern or the paths name."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from framegate.quality.gate.evidence.archive import Archive
from framegate.quality.gate.evidence.clip_scoring import score_all
from framegate.quality.gate.evidence.evidence import DELIVERY, Clip, Evidence, clip_from_spec
from framegate.quality.gate.evidence.fingerprint import scorer_environment
from framegate.quality.gate.evidence.kept_clips import ENDINGS, ClipFiles, clips_in, videos_in
from framegate.quality.gate.evidence.manifest import (
    Manifest,
    ManifestRow,
    find_manifest,
    read_manifest,
)
from framegate.quality.gate.evidence.name_pattern import (
    PROMPTS_ONLY,
    NamePattern,
    manifest_by_names,
)
from framegate.quality.gate.evidence.pairing import prompt_list
from framegate.quality.gate.evidence.score_ledger import ScoreLedger
from framegate.quality.gate.evidence.seed_names import seed_names
from framegate.quality.gate.policy.suite import ClipSpec, Suite, load_suite
from framegate.quality.scoring.pools import local_pool
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.signals.clip_ids import content_id


@dataclass(frozen=True, slots=True)
class ClipFolder:
    """A folder of clips, and what says of which prompts they are.

    A manifest in the folder is found by itself. Clips that are named by a suite's keys are the
    suite's; with a ``suite`` of the caller every clip is one of it.
    """

    path: Path
    references: Path | None = None
    manifest: Path | None = None
    pattern: NamePattern | None = None
    suite: Suite | None = None


def folder_evidence(
    folder: ClipFolder,
    metrics: Sequence[str],
    *,
    workers: int,
    archive: Archive | None = None,
    scores: ScoreLedger | None = None,
    done: Callable[[Clip], None],
) -> Evidence:
    """Score a folder; ``scores`` has those of an interrupted run, and keeps the others at once."""
    footage = clip_files(folder, metrics)
    found = scores.find_all(footage) if scores else {}
    for clip in found.values():
        done(clip)

    def keep(clip: Clip) -> None:
        if scores:
            scores.keep(clip)
        done(clip)

    todo = [one for one in footage if one.clip.key not in found]
    with local_pool(workers) as pool:
        scored = score_all(todo, metrics, pool=pool, archive=archive, done=keep)
    found = {**found, **{clip.key: clip for clip in scored}}
    return evidence_of_folder(folder, [found[one.clip.key] for one in footage])


def evidence_of_folder(folder: ClipFolder, clips: Sequence[Clip]) -> Evidence:
    suite = folder.suite or load_suite()
    keys = {one.key for one in suite.clips}
    return Evidence(
        name=folder.path.name,
        source=str(folder.path),
        environment={"model": folder.path.name, **scorer_environment()},
        clips=tuple(clips),
        suite=suite.digest if any(clip.key in keys for clip in clips) else None,
    )


def clip_files(folder: ClipFolder, metrics: Sequence[str]) -> list[ClipFiles]:
    """The folder's clips without values; one that is missing has a reason for each metric."""
    files = videos_in(folder.path)
    if not files:
        raise InputError(f"{folder.path}: contains no video files")
    manifest = folder_manifest(folder, files)
    clips = named_clips(manifest, folder.suite) if manifest else clips_of_paths(folder, files)
    found = [clip if clip.file in files else without_file(clip, metrics) for clip in clips]
    if folder.suite:
        here = {clip.key for clip in found}
        found += [
            without_file(clip_from_spec(one), metrics)
            for one in folder.suite.clips
            if one.key not in here
        ]
    reference_of = reference_finder(folder)
    return [ClipFiles(clip, files.get(clip.file or ""), reference_of(clip)) for clip in found]


def without_file(clip: Clip, metrics: Sequence[str]) -> Clip:
    why = f"the file {clip.file} is missing" if clip.file else "its file is missing"
    return replace(clip, reasons=dict.fromkeys((DELIVERY, *metrics), why))


def folder_manifest(folder: ClipFolder, files: Mapping[str, Path]) -> Manifest | None:
    """The folder's own manifest, the caller's, or what the caller's pattern reads off the names."""
    own, given = find_manifest(folder.path), folder.manifest
    if own and given and not (given.is_file() and own.samefile(given)):
        raise InputError(f"{own}: is the folder's manifest; remove it, or leave out {given}")
    path = given or own
    if path:
        manifest = read_manifest(path)
        check_files(manifest, files, folder.path)
        return manifest
    return manifest_by_names(folder.pattern, files, str(folder.path)) if folder.pattern else None


def check_files(manifest: Manifest, files: Mapping[str, Path], folder: Path) -> None:
    """Raises InputError for a video without a row, and for rows of no video at all."""
    named = {row.file for row in manifest.rows}
    for row, place in zip(manifest.rows, manifest.places, strict=True):
        if row.file not in files and (folder / row.file).is_file():
            known = " ".join(sorted(ENDINGS))
            raise InputError(f"{place}: file: {row.file!r} has not the ending of a video: {known}")
    extra = [file for file in files if file not in named]
    if extra:
        raise InputError(
            f"{manifest.source}: does not name {len(extra)} of the {len(files)} videos in "
            f"{folder}: {prompt_list(extra)}"
        )


def named_clips(manifest: Manifest, suite: Suite | None) -> Iterator[Clip]:
    for row, place in zip(manifest.rows, manifest.places, strict=True):
        yield clip_of_suite(row, place, suite) if suite else clip_of_row(row)


def clip_of_row(row: ManifestRow) -> Clip:
    return Clip(
        key=content_id([row.prompt] if row.seed is None else [row.prompt, row.seed]),
        unit=content_id([row.prompt]),
        prompt=row.prompt,
        seed=row.seed,
        category=row.category or "all",
        weight=row.weight or 1.0,
        file=row.file,
    )


def clip_of_suite(row: ManifestRow, place: str, suite: Suite) -> Clip:
    """The suite's clip of the row's prompt and seed; raises InputError unless there is one."""
    found = [
        one for one in suite.clips if one.prompt == row.prompt and row.seed in (None, one.seed)
    ]
    if len(found) != 1:
        seed = "" if row.seed is None else f" with seed {row.seed}"
        said = f"{len(found) or 'no'} clips of {row.prompt!r}{seed}"
        raise InputError(f"{place}: the suite {suite.name} has {said}")
    for name in ("category", "weight"):
        given, known = getattr(row, name), getattr(found[0], name)
        if given is not None and given != known:
            raise InputError(
                f"{place}: {name}: {given!r}, but the suite {suite.name} says {known!r}"
            )
    return clip_from_spec(found[0], file=row.file)


def clips_of_paths(folder: ClipFolder, files: Mapping[str, Path]) -> list[Clip]:
    """Clips named by keys of a suite; each other one is a prompt named by its path."""
    suite = folder.suite or load_suite()
    specs = {one.key: one for one in suite.clips}
    clips = [clip_of_path(file, specs) for file in files]
    check_paths(folder.path, clips)
    plain = [str(clip.file) for clip in clips if clip.key not in specs]
    if plain and folder.suite:
        raise InputError(
            f"{folder.path}: {len(plain)} of {len(clips)} clips are not named by a key of the "
            f"suite {folder.suite.name}: {prompt_list(plain)}; "
            "write a manifest, or leave out --suite"
        )
    check_prompts(folder.path, plain)
    return clips


def clip_of_path(file: str, specs: Mapping[str, ClipSpec]) -> Clip:
    """The clip of a suite's key, or else one whose category is its folder."""
    path = PurePosixPath(file).with_suffix("")
    if path.name in specs:
        return clip_from_spec(specs[path.name], file=file)
    key, category = path.as_posix(), path.parent.as_posix()
    category = "all" if category == "." else category
    return Clip(key=key, unit=key, prompt=key, category=category, file=file)


def check_paths(folder: Path, clips: Sequence[Clip]) -> None:
    seen: dict[str, str | None] = {}
    for clip in clips:
        if clip.key in seen:
            raise InputError(f"{folder}: {seen[clip.key]} and {clip.file} have the same key")
        seen[clip.key] = clip.file


def check_prompts(folder: Path, files: Sequence[str]) -> None:
    """Raises InputError for names that look like seeds: seeds of one prompt are never prompts."""
    found = seed_names(files)
    if found is None:
        return
    raise InputError(
        f"{folder}: {found.clips} clips look like the seeds of {found.prompts} prompts, "
        f"such as {prompt_list(files)}; give --names '{found.pattern}' if they are, "
        f"--names '{PROMPTS_ONLY}' if each clip is of another prompt, or write a manifest"
    )


def reference_finder(folder: ClipFolder) -> Callable[[Clip], Path | None]:
    """References have the paths of the clips, or a manifest of their own."""
    if folder.references is None:
        return lambda _: None
    if find_manifest(folder.references):
        beside = replace(
            folder, path=folder.references, references=None, manifest=None, pattern=None
        )
        by_key = {one.clip.key: one.path for one in clip_files(beside, ())}
        return lambda clip: by_key.get(clip.key)
    by_path = clips_in(folder.references)
    return lambda clip: by_path.get(PurePosixPath(clip.file or "none").with_suffix("").as_posix())
