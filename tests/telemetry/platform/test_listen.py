"""Who may reach framegate's servers."""

import socket

import pytest

from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.platform.listen import listening_socket


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org", ""])
def test_nothing_listens_beyond_loopback(host: str) -> None:
    with pytest.raises(InputError, match="not a loopback address"):
        listening_socket(host, 0)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_answers_are_not_held_back(host: str) -> None:
    """asyncio sets TCP_NODELAY only on sockets that know their protocol."""
    try:
        listening = listening_socket(host, 0)
    except InputError as error:
        pytest.skip(f"this machine has no such address: {error}")
    with listening:
        assert listening.proto == socket.IPPROTO_TCP
        assert listening.getsockname()[0] == host


def test_a_taken_port_is_named() -> None:
    with listening_socket("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=f"port {port} on 127.0.0.1"):
            listening_socket("127.0.0.1", port)
