"""The process that makes references: the true frames of a request's scene."""

import os
from collections.abc import Iterator
from multiprocessing.connection import Connection

import numpy as np
from numpy.typing import NDArray

from framegate.generator.request import VideoRequest
from framegate.generator.scene.render import render
from framegate.generator.scene.scene import scene_of
from framegate.generator.video.encoder import REFERENCE_CRF
from framegate.generator.workers.spool import Spool
from framegate.generator.workers.tasks import SendMessage, VideoTask, run_tasks

Pixels = NDArray[np.uint8]

NICENESS = 10  # clips come first: viewers wait for them


def run_reference_worker(connection: Connection) -> None:
    """Perform tasks until the other end closes."""
    os.nice(NICENESS)
    run_tasks(connection, write_reference)


def write_reference(task: VideoTask, send: SendMessage) -> None:
    with Spool(task, crf=REFERENCE_CRF) as spool:
        for rgb in reference_frames(task.request):
            spool.add(rgb)
    send(spool.done_message())


def reference_frames(request: VideoRequest) -> Iterator[Pixels]:
    """The true frames of the request's scene, in order."""
    scene = scene_of(request.prompt, request.seed)
    for index in range(request.frame_count):
        yield render(scene, index / request.fps, width=request.width, height=request.height)
