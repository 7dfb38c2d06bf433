"""The gate's comment on a pull request, through GitHub's API."""

import os
from typing import Any

import httpx

from framegate.quality.gate.judging.document import VerdictDocument
from framegate.quality.gate.reports.markdown import MARKER, markdown
from framegate.telemetry.client.certificates import verification
from framegate.telemetry.platform.errors import InputError

GITHUB = "https://api.github.com"
TIMEOUT_SECONDS = 20.0


def write_comment(document: VerdictDocument, *, repository: str, number: int) -> str:
    """Create the pull request's comment or update it; returns its URL."""
    token = os.environ.get("GITHUB_TOKEN")
    if not token:
        raise InputError("GITHUB_TOKEN is not set")
    url = os.environ.get("GITHUB_API_URL", GITHUB)
    headers = {"authorization": f"Bearer {token}", "accept": "application/vnd.github+json"}
    with httpx.Client(
        base_url=url, headers=headers, timeout=TIMEOUT_SECONDS, verify=verification(url)
    ) as client:
        try:
            return put_comment(client, f"/repos/{repository}/issues", number, markdown(document))
        except (httpx.HTTPError, ValueError, KeyError) as error:
            raise ConnectionError(f"{url}: could not write the comment: {error}") from error


def put_comment(client: httpx.Client, issues: str, number: int, text: str) -> str:
    mine = find_comment(client, f"{issues}/{number}/comments")
    answer = (
        client.patch(f"{issues}/comments/{mine}", json={"body": text})
        if mine
        else client.post(f"{issues}/{number}/comments", json={"body": text})
    )
    return str(answer.raise_for_status().json()["html_url"])


def find_comment(client: httpx.Client, url: str) -> int | None:
    """The id of the comment that begins with the gate's marker, if there is one."""
    page: Any = client.get(url, params={"per_page": 100}).raise_for_status()
    while True:
        for comment in page.json():
            if str(comment.get("body", "")).startswith(MARKER):
                return int(comment["id"])
        following = page.links.get("next", {}).get("url")
        if not following:
            return None
        page = client.get(following).raise_for_status()
