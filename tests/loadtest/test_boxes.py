"""The player's parser, on real fragmented MP4 and on hostile bytes."""

import struct
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framegate.loadtest.boxes import MAX_BOX_BYTES, BoxError, Fragment, FragmentReader, InitSegment
from tests.loadtest.mp4_clips import BY_KEY_FRAME, EVERY_FRAME, FPS
from tests.volume import examples


def read(data: bytes, cuts: list[int]) -> list[InitSegment | Fragment]:
    reader, found, start = FragmentReader(), [], 0
    for cut in [*sorted(cuts), len(data)]:
        found += list(reader.feed(data[start:cut]))
        start = cut
    return found


def test_one_fragment_per_frame_with_exact_times() -> None:
    header, *fragments = read(EVERY_FRAME, [])
    assert isinstance(header, InitSegment)
    times = [item.start_seconds for item in fragments if isinstance(item, Fragment)]
    assert times == pytest.approx([n / FPS for n in range(30)])
    keys = [n for n, item in enumerate(fragments) if getattr(item, "starts_with_key", False)]
    assert keys == [0, 12, 24]


def test_fragments_of_many_frames_add_up() -> None:
    fragments = [item for item in read(BY_KEY_FRAME, []) if isinstance(item, Fragment)]
    assert [item.frames for item in fragments] == [12, 12, 6]
    assert sum(item.duration_seconds for item in fragments) == pytest.approx(2.5)
    assert all(item.starts_with_key for item in fragments)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, len(EVERY_FRAME)), max_size=30))
def test_the_result_never_depends_on_how_the_bytes_are_cut(cuts: list[int]) -> None:
    assert read(EVERY_FRAME, cuts) == read(EVERY_FRAME, [])


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9])
def test_a_cut_stream_is_seen_to_be_cut(kept: float) -> None:
    reader = FragmentReader()
    whole = list(reader.feed(EVERY_FRAME[: int(len(EVERY_FRAME) * kept)]))
    assert len(whole) < 31
    assert reader.incomplete_bytes > 0


@pytest.mark.parametrize(
    "hostile",
    [
        struct.pack(">I4s", 4, b"moov"),
        struct.pack(">I4sQ", 1, b"mdat", 2**62),
        struct.pack(">I4s", MAX_BOX_BYTES + 1, b"mdat"),
        struct.pack(">I4sI4s", 16, b"moov", 99, b"trak"),
        struct.pack(">I4s", 8, b"moov"),
        struct.pack(">I4sI4sI4sIII", 36, b"moof", 28, b"traf", 20, b"trun", 0x100, 2**31, 0),
        b"this is not a video at all, it is text",
    ],
)
def test_hostile_bytes_are_refused(hostile: bytes) -> None:
    with pytest.raises(BoxError):
        list(FragmentReader().feed(hostile + bytes(64)))


@settings(max_examples=examples(150), deadline=None)
@given(st.data())
def test_damage_never_raises_anything_else(data: st.DataObject) -> None:
    damaged = bytearray(EVERY_FRAME[:4000])
    for _ in range(data.draw(st.integers(1, 8))):
        place = data.draw(st.integers(0, len(damaged) - 1))
        damaged[place] = data.draw(st.integers(0, 255))
    reader = FragmentReader()
    with suppress(BoxError):
        list(reader.feed(bytes(damaged)))
    assert reader.incomplete_bytes <= len(damaged)
