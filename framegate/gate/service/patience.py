"""How long a clip is waited for, and how often a busy service is asked again."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from framegate.gate.service.failure import BUSY, ServiceFaultError
from framegate.loadtest.service.connection import ServiceConnection, public_url, words_of

ATTEMPTS = 5
ANSWER_SECONDS = 60.0  # for a small answer; a clip may be made before the first byte of it
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 8.0
FIRST_POLL_SECONDS, LONGEST_POLL_SECONDS = 0.5, 10.0
SHORTEST_PAUSE_SECONDS = 0.05


@dataclass(slots=True)
class Patience:
    """The time and the attempts that are left for one clip."""

    limit_seconds: float
    until: float = field(init=False)
    failures: int = 0
    polls: int = 0
    waits_for: str = ""

    def __post_init__(self) -> None:
        self.until = time.monotonic() + self.limit_seconds

    def timeout(self, url: str) -> float:
        """The seconds that the next answer may take."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise ServiceFaultError(f"{self.waits_for or url}: no clip {self.limit_text()}")
        return left

    def limit_text(self) -> str:
        return f"within {self.limit_seconds:g} s, the limit of --clip-timeout"

    def retry(self, why: str, *, asked: float | None = None) -> None:
        """Pause before the same request; raises ServiceFaultError after too many."""
        self.failures += 1
        if self.failures >= ATTEMPTS:
            raise ServiceFaultError(f"{why}; asked {ATTEMPTS} times")
        growing = FIRST_PAUSE_SECONDS * 2 ** (self.failures - 1)
        self.pause(why, min(LONGEST_PAUSE_SECONDS, growing) if asked is None else asked)

    def poll(self, why: str, *, asked: float | None) -> None:
        """Pause before the job's state is read again."""
        growing = FIRST_POLL_SECONDS * 1.5 ** min(self.polls, 20)
        self.polls += 1
        self.pause(why, min(LONGEST_POLL_SECONDS, growing) if asked is None else asked)

    def pause(self, why: str, seconds: float) -> None:
        self.waits_for = why
        if time.monotonic() + seconds >= self.until:
            more = f", and asks to wait {seconds:.0f} s" if seconds > LONGEST_POLL_SECONDS else ""
            raise ServiceFaultError(f"{why}{more}: no clip {self.limit_text()}")
        time.sleep(max(SHORTEST_PAUSE_SECONDS, seconds))


def busy_text(service: ServiceConnection, answer: httpx.Response) -> str:
    said = service.hide(words_of(answer))
    return f"{public_url(answer.url)}: HTTP status {answer.status_code}: {said}"


def get_patiently(service: ServiceConnection, path: str, patience: Patience) -> httpx.Response:
    """An answer to GET; a service that is busy or cannot be reached is asked again."""
    url = f"{service.url}{path}"
    while True:
        try:
            answer = service.get(path, timeout=min(ANSWER_SECONDS, patience.timeout(url)))
        except httpx.RequestError as error:
            patience.retry(f"{url}: {transport_text(error)}")
            continue
        if answer.status_code not in BUSY:
            patience.failures = 0
            return answer
        patience.retry(busy_text(service, answer), asked=wait_seconds(answer))


def transport_text(error: httpx.RequestError) -> str:
    if isinstance(error, httpx.TimeoutException):
        return "no answer in time"
    return str(error) or type(error).__name__


def wait_seconds(answer: httpx.Response) -> float | None:
    """The wait that an answer asks for; None if it asks for none, or for something strange."""
    poll = number(answer.headers.get("openai-poll-after-ms", ""))
    if poll is not None:
        return poll / 1000
    text = answer.headers.get("retry-after", "")
    seconds = number(text)
    return seconds if seconds is not None else seconds_until(text)


def number(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if 0 <= found < float("inf") else None


def seconds_until(text: str) -> float | None:
    """A date in the form of RFC 9110, 5.6.7."""
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
