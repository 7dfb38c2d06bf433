"""How framegate's servers listen: on loopback, or on any address when callers need a token."""

import asyncio
import os
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import uvicorn

from framegate.telemetry.platform.errors import InputError

# The local stack opens every port itself and hands the sockets to its children, so that no other
# process can take a port in between, and early requests wait instead of failing.
LISTEN_FD = "FRAMEGATE_LISTEN_FD"

App = Callable[[Any, Any, Any], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Tls:
    """A server's certificate chain and its private key, in PEM files."""

    certificate: Path
    key: Path


def load_tls(certificate: Path | None, key: Path | None) -> Tls | None:
    """Both files or none; raises InputError for one without the other, or unusable ones."""
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise InputError("TLS needs both --tls-certificate and --tls-key")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise InputError(f"TLS certificate {certificate}, key {key}: {error}") from error
    return Tls(certificate, key)


def listening_socket(host: str, port: int, *, guarded: bool = False) -> socket.socket:
    """An open listening socket: the one handed over by the parent process, or a new one.

    ``guarded`` says that callers need a token; only then may the host be any address.
    """
    if not guarded:
        require_loopback(host)
    inherited = os.environ.pop(LISTEN_FD, None)
    if inherited is not None:
        return socket.socket(fileno=int(inherited))
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return with_tcp_protocol(socket.create_server((host, port), family=family, backlog=512))
    except OSError as error:
        raise InputError(f"port {port} on {host}: {error.strerror or error}") from error


def with_tcp_protocol(open_socket: socket.socket) -> socket.socket:
    """The same socket, with its protocol set to TCP.

    asyncio switches Nagle's algorithm off only for such sockets; with it on, a response in two
    parts waits 40 ms for the client's delayed acknowledgement.
    """
    return socket.socket(fileno=open_socket.detach())


def require_loopback(host: str) -> None:
    """Raise unless ``host`` is a loopback address."""
    try:
        loopback = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise InputError(
            f"host {host!r} is not a loopback address, and callers need no token; start the "
            "collector with --tokens, or put an authenticating proxy in front of other servers"
        )


def url_of(open_socket: socket.socket) -> str:
    """The URL at which clients on this machine reach the socket."""
    host, port = open_socket.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(app: App, open_socket: socket.socket, *, tls: Tls | None = None) -> None:
    """Serve an ASGI application on a listening socket until SIGINT or SIGTERM."""
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        log_config=None,  # the process has configured logging itself
        timeout_graceful_shutdown=5,
        lifespan="on",
        ssl_certfile=tls.certificate if tls else None,
        ssl_keyfile=tls.key if tls else None,
    )
    asyncio.run(uvicorn.Server(config).serve(sockets=[open_socket]))
