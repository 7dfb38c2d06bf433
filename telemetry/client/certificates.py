"""The certificates that HTTPS servers are checked with."""

import os
import ssl
from functools import cache

import httpx


def verification(url: str) -> ssl.SSLContext | bool:
    """What ``verify`` of an httpx call for this URL should be.

    For HTTPS the trusted certificates, which are loaded once: httpx itself would load them for
    every call, also for plain HTTP, in a twentieth of a second of processor time. For plain HTTP
    False; httpx follows no redirects unless it is told to.
    The variables SSL_CERT_FILE and SSL_CERT_DIR name other certificates than those of certifi.
    """
    if url.lower().startswith("http:"):
        return False
    return load_certificates(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))


@cache
def load_certificates(_: str | None, __: str | None) -> ssl.SSLContext:
    """The certificates for these values of the variables, which httpx reads itself."""
    return httpx.create_ssl_context()
