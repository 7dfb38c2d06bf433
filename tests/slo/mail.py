"""A mail server that keeps what it was sent, and targets that send to it."""

import base64
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from framegate.slo.alerting.targets import EmailTarget


class MailServer(socketserver.ThreadingTCPServer):
    """What it was sent, and who logged in; with a certificate it speaks TLS after STARTTLS."""

    def __init__(self, tls: ssl.SSLContext | None) -> None:
        self.tls = tls
        self.messages: list[str] = []
        self.logins: list[bytes] = []
        super().__init__(("127.0.0.1", 0), Mailbox)


class Mailbox(socketserver.StreamRequestHandler):
    """Enough of SMTP to take a message."""

    server: MailServer

    def handle(self) -> None:
        self.say("220 ready")
        while line := self.rfile.readline():
            verb = line.split()[0].upper().decode()
            if verb == "QUIT":
                self.say("221 bye")
                return
            if not getattr(self, verb.lower(), self.anything)(line):
                return

    def finish(self) -> None:
        super().finish()
        self.connection.close()

    def anything(self, _: bytes) -> bool:
        self.say("250 ok")
        return True

    def ehlo(self, _: bytes) -> bool:
        secure = isinstance(self.connection, ssl.SSLSocket)
        self.say("250-hello" if self.server.tls else "250 hello")
        if self.server.tls:
            self.say("250 AUTH PLAIN" if secure else "250 STARTTLS")
        return True

    def starttls(self, _: bytes) -> bool:
        assert self.server.tls
        self.say("220 go on")
        try:
            self.connection = self.server.tls.wrap_socket(self.connection, server_side=True)
        except (ssl.SSLError, OSError):  # who does not trust us is gone
            return False
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb", buffering=0)
        return True

    def auth(self, line: bytes) -> bool:
        self.server.logins.append(base64.b64decode(line.split()[2]))
        self.say("235 welcome")
        return True

    def data(self, _: bytes) -> bool:
        self.say("354 go on")
        self.server.messages.append(self.message())
        return self.anything(b"")

    def say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())

    def message(self) -> str:
        lines = iter(self.rfile.readline, b".\r\n")
        return b"".join(lines).decode()


@contextmanager
def mail_server(tls: ssl.SSLContext | None = None) -> Iterator[MailServer]:
    with MailServer(tls) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def port_of(server: MailServer) -> int:
    return int(server.server_address[1])


def mail_target(port: int, **more: Any) -> EmailTarget:
    return EmailTarget(
        kind="email",
        server="127.0.0.1",
        port=port,
        sender="framegate@example.org",
        to=("team@example.org", "boss@example.org"),
        **{"name": "mail", "starttls": False, **more},
    )
