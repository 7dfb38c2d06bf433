"""The dashboard as an ASGI application."""

from pathlib import Path
from typing import Any

import streamlit as st
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from streamlit import config

from framegate.dashboards.theme import OPTIONS

SCRIPT = Path(__file__).parent / "app.py"


def application() -> Any:
    """Streamlit reads its options once, when its application is created."""
    for name, value in OPTIONS.items():
        config.set_option(name, value)
    return st.App(SCRIPT, routes=[Route("/readyz", readyz)])


async def readyz(_: Request) -> Response:
    return PlainTextResponse("ready")
