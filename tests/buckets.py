"""A server that speaks S3, for as long as a test needs it."""

from collections.abc import Iterator
from contextlib import contextmanager

import fsspec
import pytest
from moto.server import ThreadedMotoServer


@contextmanager
def running_s3() -> Iterator[None]:
    """Credentials and endpoint are in the environment meanwhile."""
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    host, port = server.get_host_and_port()
    known = fsspec.get_filesystem_class("s3")
    known.clear_instance_cache()
    try:
        with pytest.MonkeyPatch.context() as environment:
            for name, value in (
                ("AWS_ENDPOINT_URL", f"http://{host}:{port}"),
                ("AWS_ACCESS_KEY_ID", "key"),
                ("AWS_SECRET_ACCESS_KEY", "secret"),
                ("AWS_DEFAULT_REGION", "us-east-1"),
            ):
                environment.setenv(name, value)
            yield
    finally:
        known.clear_instance_cache()
        server.stop()
