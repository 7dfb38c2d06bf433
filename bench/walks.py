"""How many modules are entered from an objective to its alert, and from a release to its verdict.

``python -m bench.walks``. The functions that run are seen by Python's profiler, in every thread.
A module that is imported and never called does not count, nor does what the scene was set up with.
"""

import os
import sys
import tempfile
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import FrameType

import typer

import framegate.cli
from bench.house import ROOMS
from framegate.quality.gate.evidence.archive import Archive
from framegate.slo.alerting.targets import AlertTargets, WebhookTarget
from framegate.slo.service.engine import SloEngine
from framegate.telemetry.store.store import Store
from tests.quality.gate.made_evidence import THREE, clips, side
from tests.slo.job_events import DAY, MINUTE, SECOND, START, event, send
from tests.slo.receivers import receiving
from tests.slo.specs import write

ROOT = Path(__file__).resolve().parent.parent
IMPORTS = {"<module>"}  # a module's own top level, run when it is imported

Walk = Mapping[str, set[str]]


@contextmanager
def walking() -> Iterator[Walk]:
    """The functions that run meanwhile, by module."""
    entered: defaultdict[str, set[str]] = defaultdict(set)

    def note(frame: FrameType, kind: str, _: object) -> None:
        code = frame.f_code
        if kind == "call" and code.co_name not in IMPORTS and not code.co_filename.startswith("<"):
            entered[code.co_filename].add(code.co_qualname)

    found: dict[str, set[str]] = {}
    threading.setprofile(note)
    sys.setprofile(note)
    try:
        yield found
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
        for name, functions in entered.items():
            path = Path(os.path.realpath(name))
            if path.is_relative_to(ROOT) and path.relative_to(ROOT).parts[0] in ROOMS:
                found.setdefault(path.relative_to(ROOT).as_posix(), set()).update(functions)


def objective_to_alert(folder: Path) -> Walk:
    """One objective, sixty failed jobs in a committed batch, one webhook that gets the alert."""
    specs = folder / "specs"
    specs.mkdir()
    write(specs)
    now_ns = START + 2 * DAY
    store = Store(folder / "store")
    signs = [
        event("", "", now_ns - minute * MINUTE) | {"job_id": None, "state": None, "name": "alive"}
        for minute in range(70)
    ]
    failed = [event(f"job-{number}", "failed", now_ns - SECOND) for number in range(60)]
    with receiving() as received:
        target = WebhookTarget(kind="webhook", name="hook", url=received.url)
        targets = AlertTargets(targets=(target,))
        with walking() as entered:
            engine = SloEngine(store, [specs], targets=targets, clock=lambda: now_ns)
            send(store, [*signs, *failed])
            engine.run_once()
            engine.deliverer.deliver(changed=True)
            engine.close()
        assert len(received.requests) > 0, "no alert was delivered"
    store.close()
    return entered


def models_to_verdict(folder: Path) -> Walk:
    """Two recorded baselines, one policy, one verdict."""
    archive = Archive(str(folder / "archive"))
    for name, shift in (("old", {}), ("new", {"ssim_wang_rgb_v1": -0.05})):
        archive.record(replace(side(clips(shift=shift), name)), name=name)
    policy = folder / "gate.yaml"
    policy.write_text(THREE)
    places = [f"{folder}/archive@{name}" for name in ("old", "new")]
    arguments = ["gate", "run", "--baseline", places[0], "--candidate", places[1]]
    sys.argv = ["framegate", *arguments, "--policy", str(policy)]
    with walking() as entered, suppress(SystemExit):
        framegate.cli.main()
    return entered


WALKS: Mapping[str, Callable[[Path], Walk]] = {
    "objective to alert": objective_to_alert,
    "models to verdict": models_to_verdict,
}


def report(names: bool = False) -> None:
    """Run each walk once and print its modules."""
    for title, walk in WALKS.items():
        with tempfile.TemporaryDirectory() as folder:
            entered = walk(Path(folder))
        functions = sum(map(len, entered.values()))
        print(f"{title}: {len(entered)} modules, {functions} functions", file=sys.stderr)
        for module in sorted(entered) if names else ():
            print(f"  {module}: {len(entered[module])}", file=sys.stderr)


if __name__ == "__main__":
    typer.run(report)
