"""How framegate's servers listen: loopback only, on a port or on a socket handed over."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from typing import Any

import uvicorn

from telemetry.errors import InputError

# The local stack binds every port itself and hands the open sockets to its children, so no port
# is lost between choosing it and using it, and early requests wait instead of failing.
LISTEN_FD = "FRAMEGATE_LISTEN_FD"

App = Callable[[Any, Any, Any], Awaitable[None]]


def listening_socket(host: str, port: int) -> socket.socket:
    """An open listening socket: the one handed over by the parent process, or a new one."""
    refuse_wide_host(host)
    inherited = os.environ.pop(LISTEN_FD, None)
    if inherited is not None:
        return socket.socket(fileno=int(inherited))
    try:
        return socket.create_server((host, port), backlog=512)
    except OSError as error:
        raise InputError(f"port {port} on {host}: {error.strerror or error}") from error


def refuse_wide_host(host: str) -> None:
    """Raise unless ``host`` is a loopback address."""
    try:
        loopback = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise InputError(
            f"host {host!r} is not a loopback address: this server has no authentication; "
            "put an authenticating proxy in front of it"
        )


def url_of(open_socket: socket.socket) -> str:
    """Where clients on this machine reach the socket."""
    host, port = open_socket.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(app: App, open_socket: socket.socket) -> None:
    """Serve an ASGI application on a listening socket until SIGINT or SIGTERM."""
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, timeout_graceful_shutdown=5, lifespan="on"
    )
    asyncio.run(uvicorn.Server(config).serve(sockets=[open_socket]))
