"""A service in the shape of OpenAI's videos API, with none of framegate's code.

It makes real clips; its attributes say how it behaves.
"""

import tempfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.videos import moving_frames

FPS, FRAMES = 8, 8
CONTAINERS = {
    "plain": {},
    "faststart": {"movflags": "faststart"},
    "fragmented": {"movflags": "frag_every_frame+empty_moov+default_base_moof"},
}
Answer = Callable[[], Response]
MODERATED = {"message": "Your request was blocked.", "code": "moderation_blocked"}


def clip_bytes(name: str, *, container: str) -> bytes:
    """A second of a moving picture that no other name has."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        with av.open(str(path), "w", format="mp4", options=CONTAINERS[container]) as file:
            stream: Any = file.add_stream("libx264", rate=FPS, options={"tune": "zerolatency"})
            stream.width = stream.height = 64
            stream.pix_fmt = "yuv420p"
            for pixels in moving_frames(FRAMES, seed=zlib.crc32(name.encode())):
                frame = av.VideoFrame.from_ndarray(pixels.copy(), format="rgb24")
                file.mux(stream.encode(frame))
            file.mux(stream.encode(None))
        return path.read_bytes()


def refusal(status: int, message: str, **headers: str) -> Answer:
    """An error as OpenAI's services write it."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda: JSONResponse({"error": {"message": message, "code": None}}, status, named)


def page(status: int = 200, kind: str = "text/html") -> Answer:
    return lambda: Response("<html>Please log in</html>", status, {"content-type": kind})


@dataclass
class VideosApi:
    """``answers``: to a request (create, job or content) of a model, or of every model.

    ``first_answers`` are given once each, before all others.
    """

    header: tuple[str, str] | None = None
    fields: frozenset[str] | None = None
    polls: int = 0
    container: str = "fragmented"
    answers: dict[tuple[str, str], Answer] = field(default_factory=dict)
    first_answers: list[Answer] = field(default_factory=list)
    moderated: set[tuple[str, str]] = field(default_factory=set)  # model, prompt
    cut: dict[str, int] = field(default_factory=dict)  # bytes missing from a model's clips
    jobs_until_500: int = 10**6
    hangs: bool = False
    content_url: str | None = None  # where the content is, if elsewhere
    requests: list[Request] = field(default_factory=list)
    jobs: list[dict[str, Any]] = field(default_factory=list)
    asked: dict[str, int] = field(default_factory=dict)

    def refused(self, request: Request, place: str, model: str) -> Response | None:
        self.requests.append(request)
        if self.header and request.headers.get(self.header[0]) != self.header[1]:
            given = request.headers.get(self.header[0], "nothing")
            said = {"error": {"message": f"Incorrect API key provided: {given}"}}
            return JSONResponse(said, 401)
        if self.first_answers and place == "create":
            return self.first_answers.pop(0)()
        answer = self.answers.get((place, model)) or self.answers.get((place, "*"))
        return answer() if answer else None

    async def create(self, request: Request) -> Response:
        body = await request.json()
        model = body.get("model", "")
        if refused := self.refused(request, "create", model):
            return refused
        if self.hangs:
            await request.receive()  # until the client leaves
        for name in sorted((self.fields and set(body) - self.fields) or ()):
            return JSONResponse({"error": {"message": f"Unknown parameter: '{name}'."}}, 400)
        if {(model, body["prompt"]), ("*", body["prompt"])} & self.moderated:
            return JSONResponse({"error": MODERATED}, 400)
        if len(self.jobs) >= self.jobs_until_500:
            return JSONResponse({"error": {"message": "out of memory"}}, 500)
        self.jobs.append(body)
        return JSONResponse({"id": f"video_{len(self.jobs) - 1}", "status": "queued"})

    def job_of(self, request: Request) -> tuple[str, dict[str, Any]]:
        name = request.path_params["job"]
        return name, self.jobs[int(name.removeprefix("video_"))]

    async def job(self, request: Request) -> Response:
        name, body = self.job_of(request)
        if refused := self.refused(request, "job", body.get("model", "")):
            return refused
        self.asked[name] = self.asked.get(name, 0) + 1
        status = "completed" if self.asked[name] > self.polls else "in_progress"
        return JSONResponse({"id": name, "status": status}, headers={"openai-poll-after-ms": "10"})

    async def content(self, request: Request) -> Response:
        name, body = self.job_of(request)
        if refused := self.refused(request, "content", body.get("model", "")):
            return refused
        if self.asked.get(name, 0) < self.polls:
            return JSONResponse({"error": {"message": "Video is not ready yet."}}, 404)
        if self.content_url:
            return RedirectResponse(self.content_url)
        return self.clip(body)

    def clip(self, body: Mapping[str, Any]) -> Response:
        data = clip_bytes(f"{body.get('model')} {body['prompt']}", container=self.container)
        data = data[: len(data) - self.cut.get(body.get("model", ""), 0)]
        return Response(data, media_type="video/mp4")

    def application(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/v1/videos", self.create, methods=["POST"]),
                Route("/v1/videos/{job}", self.job),
                Route("/v1/videos/{job}/content", self.content),
            ]
        )
