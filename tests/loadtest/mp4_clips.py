"""Short clips as fragmented MP4, muxed by FFmpeg."""

import io

import av

from tests.videos import moving_frames

FPS = 12


def ffmpeg_clip(movflags: str) -> bytes:
    """Thirty frames as FFmpeg's own muxer writes them."""
    sink = io.BytesIO()
    with av.open(sink, "w", format="mp4", options={"movflags": movflags}) as container:
        stream = container.add_stream("libx264", rate=FPS, options={"tune": "zerolatency"})
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        stream.codec_context.gop_size = FPS
        for pixels in moving_frames(30):
            frame = av.VideoFrame.from_ndarray(pixels.copy(), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return sink.getvalue()


EVERY_FRAME = ffmpeg_clip("frag_every_frame+empty_moov+default_base_moof")


BY_KEY_FRAME = ffmpeg_clip("frag_keyframe+empty_moov+default_base_moof")
