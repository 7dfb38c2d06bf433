"""The dashboard as an ASGI application."""

from pathlib import Path
from typing import Any

import streamlit as st
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

SCRIPT = Path(__file__).parent / "app.py"


def application() -> Any:
    return st.App(SCRIPT, routes=[Route("/readyz", ready)])


async def ready(_: Request) -> Response:
    return PlainTextResponse("ready")
