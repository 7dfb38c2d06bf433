"""The gate's comment on a pull request, through GitHub's API."""

import hashlib
import os
from typing import Any

import httpx

from framegate.quality.gate.judging.document import VerdictDocument
from framegate.quality.gate.reports.markdown import MARKER, markdown
from framegate.telemetry.client.certificates import verification
from framegate.telemetry.platform.errors import InputError

GITHUB = "https://api.github.com"
TIMEOUT_SECONDS = 20.0
ACTIONS_BOT = "github-actions[bot]"  # whose comments a job's own token writes
LONGEST_BODY = 65_536  # characters of a comment that GitHub accepts
CLOSING = "\n\n</details>"
FORK_HINT = (
    "the token of a pull request from a fork may only read; "
    "give the job pull-requests: write, or post from a workflow_run job"
)


def write_comment(document: VerdictDocument, *, repository: str, number: int, job: str) -> str:
    """Create the pull request's comment or update it; returns its URL, or a workflow warning.

    There is one comment for each job and candidate.
    """
    token = os.environ.get("GITHUB_TOKEN")
    if not token:
        raise InputError("GITHUB_TOKEN is not set")
    url = os.environ.get("GITHUB_API_URL", GITHUB)
    headers = {"authorization": f"Bearer {token}", "accept": "application/vnd.github+json"}
    with httpx.Client(
        base_url=url, headers=headers, timeout=TIMEOUT_SECONDS, verify=verification(url)
    ) as client:
        try:
            text = comment_text(document, job)
            return put_comment(client, f"/repos/{repository}/issues", number, text)
        except httpx.HTTPStatusError as error:
            said = error_message(error.response)
            if error.response.status_code == httpx.codes.FORBIDDEN:
                title = "title=framegate gate"
                return f"::warning {title}::no comment was written: {said}; {FORK_HINT}"
            raise ConnectionError(f"{url}: could not write the comment: {said}") from error
        except (httpx.HTTPError, ValueError, KeyError) as error:
            raise ConnectionError(f"{url}: could not write the comment: {error}") from error


def error_message(answer: httpx.Response) -> str:
    """What GitHub says, on one line."""
    try:
        said = str(answer.json()["message"])
    except (ValueError, KeyError, TypeError):
        said = answer.reason_phrase
    return f"HTTP status {answer.status_code}: {' '.join(said.split())}"


def comment_text(document: VerdictDocument, job: str) -> str:
    """The marker of the job and the candidate, and the verdict, no longer than GitHub accepts."""
    text = f"{comment_marker(document, job)}\n{markdown(document)}"
    if len(text) <= LONGEST_BODY:
        return text
    rest = f"\n\nThe comment is cut here; {whole_verdict()}.\n"
    head = text[: LONGEST_BODY - len(rest) - len(CLOSING)]
    head = head[: head.rindex("\n")]
    # The link must not lie in a block that is collapsed.
    is_open = head.count("<details>") > head.count("</details>")
    return head + CLOSING * is_open + rest


def whole_verdict() -> str:
    """Where the whole verdict is; GitHub sets the variables in every job."""
    server, run = os.environ.get("GITHUB_SERVER_URL"), os.environ.get("GITHUB_RUN_ID")
    repository = os.environ.get("GITHUB_REPOSITORY")
    if server and repository and run:
        return f"[the whole verdict]({server}/{repository}/actions/runs/{run})"
    return "the whole verdict is in verdict.md of the job"


def comment_marker(document: VerdictDocument, job: str) -> str:
    """Begins the comment, so that a later run updates it instead of adding another."""
    names = "\n".join([job, document.policy.path, document.candidate.name])
    return MARKER.replace(" -->", f" {hashlib.sha256(names.encode()).hexdigest()[:16]} -->")


def put_comment(client: httpx.Client, issues: str, number: int, text: str) -> str:
    mine = find_comment(client, f"{issues}/{number}/comments", text.partition("\n")[0])
    answer = (
        client.patch(f"{issues}/comments/{mine}", json={"body": text})
        if mine
        else client.post(f"{issues}/{number}/comments", json={"body": text})
    )
    return str(answer.raise_for_status().json()["html_url"])


def own_name(client: httpx.Client) -> str:
    """Who the token's comments are by; a job's own token may not ask."""
    answer = client.get("/user")
    return str(answer.json()["login"]) if answer.is_success else ACTIONS_BOT


def find_comment(client: httpx.Client, url: str, marker: str) -> int | None:
    """The id of the token's own comment that begins with the marker, if there is one.

    Anybody may write the marker into a comment, and could then edit what the gate writes there.
    """
    own = own_name(client)
    page: Any = client.get(url, params={"per_page": 100}).raise_for_status()
    while True:
        for comment in page.json():
            by_us = (comment.get("user") or {}).get("login") == own
            if by_us and str(comment.get("body", "")).startswith(marker):
                return int(comment["id"])
        following = page.links.get("next", {}).get("url")
        if not following:
            return None
        page = client.get(following).raise_for_status()
