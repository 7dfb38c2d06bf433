"""FFmpeg's own filters on two videos, in this process: the oracle of figures named after it."""

from pathlib import Path

import av
from av.filter import Graph


def filtered(name: str, reference: Path, clip: Path) -> list[dict[str, str]]:
    """What a two-input filter such as ``ssim`` says of each pair of frames, in order."""
    with av.open(str(reference)) as left, av.open(str(clip)) as right:
        graph = Graph()
        main = graph.add_buffer(template=right.streams.video[0], name="clip")
        other = graph.add_buffer(template=left.streams.video[0], name="reference")
        both, sink = graph.add(name), graph.add("buffersink")
        main.link_to(both, 0, 0)
        other.link_to(both, 0, 1)
        both.link_to(sink)
        graph.configure()
        found: list[dict[str, str]] = []
        for clip_frame, reference_frame in zip(
            right.decode(video=0), left.decode(video=0), strict=True
        ):
            main.push(clip_frame)
            other.push(reference_frame)
            found += pulled(graph)
        main.push(None)
        other.push(None)
        return found + pulled(graph)


def pulled(graph: Graph) -> list[dict[str, str]]:
    found = []
    while True:
        try:
            found.append(dict(graph.vpull().metadata))
        except (BlockingIOError, EOFError):
            return found
