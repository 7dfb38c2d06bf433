"""What the fields of documents may say: names, numbers, texts, durations and time windows.

A window is rolling, or goes by the calendar of a time zone. A period includes its start and not its
end. Minutes and hours have a fixed length; days, weeks, months, quarters and years follow the
calendar, so a day has 23 to 25 hours when clocks change.
"""

import calendar
import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from framegate.telemetry.platform.clock import DAY_SECONDS, SECOND_NS
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.platform.strict_file import StrictModel

DURATION = re.compile(r"([1-9]\d{0,5})([mhdwMQY])")
SECONDS = {"m": 60, "h": 3_600, "d": DAY_SECONDS, "w": 604_800}
MONTHS = {"M": 1, "Q": 3, "Y": 12}
MONTH_DAYS = 30.436875  # on average, in 400 years
MAX_SECONDS = round(120 * MONTH_DAYS * DAY_SECONDS)
START_FORMAT = "%Y-%m-%d %H:%M:%S"

HTTP_URL = r"^https?://\S+$"
LABEL_KEY = re.compile(r"[a-zA-Z0-9]([-._a-zA-Z0-9]{0,61}[a-zA-Z0-9])?")
DNS_NAME = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
ANNOTATION_KEY = re.compile(rf"({DNS_NAME}(\.{DNS_NAME})*/)?{LABEL_KEY.pattern}")

MAX_TEXT_CHARACTERS = 1_050
DECIMAL_PLACES = 12  # of a ratio; as a fraction, 1e-999999999 would fill the memory
MAX_DIGITS = 30  # of any other number, for the same reason
DnsName = Annotated[str, Field(pattern=rf"^{DNS_NAME}$")]
BoundedText = Annotated[str, Field(max_length=MAX_TEXT_CHARACTERS)]
NonEmptyText = Annotated[str, Field(min_length=1)]
Number = Annotated[Decimal, Field(max_digits=MAX_DIGITS, decimal_places=DECIMAL_PLACES)]


class CamelCaseModel(StrictModel):
    """A mapping with camelCase keys; unknown keys are errors."""

    model_config = ConfigDict(alias_generator=to_camel)


def validate_label_key(text: str) -> str:
    return require_match(LABEL_KEY, text, "at most 63 letters, digits, '-', '.' and '_'")


def validate_annotation_key(text: str) -> str:
    return require_match(
        ANNOTATION_KEY, text, "a label key, optionally after a DNS name and a slash"
    )


def require_match(pattern: re.Pattern[str], text: str, wanted: str) -> str:
    if not pattern.fullmatch(text):
        raise ValueError(f"{text!r} must be {wanted}")
    return text


def require_exactly_one(model: CamelCaseModel, *keys: str) -> None:
    require_at_most_one(model, *keys)
    if not present_keys(model, keys):
        raise ValueError(f"needs one of {', '.join(keys)}")


def require_at_most_one(model: CamelCaseModel, *keys: str) -> None:
    if len(present_keys(model, keys)) > 1:
        raise ValueError(f"has {' and '.join(present_keys(model, keys))}, but only one is allowed")


def present_keys(model: CamelCaseModel, keys: tuple[str, ...]) -> list[str]:
    aliases = {field.alias: name for name, field in type(model).model_fields.items()}
    return [key for key in keys if getattr(model, aliases[key]) is not None]


def environment_variable(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise InputError(f"environment variable {name} is not set")
    return value


@dataclass(frozen=True, slots=True)
class Duration:
    """A number of one unit: m, h, d, w, M, Q or Y."""

    count: int
    unit: str

    def __str__(self) -> str:
        return f"{self.count}{self.unit}"

    @property
    def seconds(self) -> int:
        """Exact for m, h, d and w of even length; for months, quarters and years on average."""
        if self.unit in SECONDS:
            return self.count * SECONDS[self.unit]
        return round(self.count * MONTHS[self.unit] * MONTH_DAYS * SECONDS["d"])

    @property
    def is_fixed_length(self) -> bool:
        """Whether it always has the same length."""
        return self.unit in ("m", "h")

    def add_to(self, start: datetime, times: int) -> datetime:
        """The local time ``times`` durations after a start; a month's last day stays the last."""
        steps = times * self.count
        if self.unit in SECONDS:
            return start + timedelta(seconds=steps * SECONDS[self.unit])
        months = start.year * 12 + start.month - 1 + steps * MONTHS[self.unit]
        year, month = divmod(months, 12)
        day = min(start.day, calendar.monthrange(year, month + 1)[1])
        return start.replace(year=year, month=month + 1, day=day)


def parse_duration(text: str) -> Duration:
    """Raises ValueError for an invalid duration."""
    found = DURATION.fullmatch(text)
    if not found:
        raise ValueError("a duration is a whole number and a unit: m, h, d, w, M, Q or Y")
    duration = Duration(int(found[1]), found[2])
    if duration.seconds > MAX_SECONDS:
        raise ValueError(f"{text} is longer than ten years")
    return duration


DurationText = Annotated[str, AfterValidator(lambda text: str(parse_duration(text)))]


def duration_minutes(text: str) -> int:
    """Minutes of a duration; raises ValueError for months, quarters and years."""
    duration = parse_duration(text)
    if duration.unit in MONTHS:
        raise ValueError(f"{text} has no fixed length")
    return duration.seconds // 60


def validate_start_time(text: str) -> str:
    start = datetime.strptime(text, START_FORMAT)  # noqa: DTZ007 - the zone is the next field's
    if not 1970 <= start.year < 2200:
        raise ValueError("is not between 1970 and 2199")
    return text


def validate_time_zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{text!r} is not a time zone of the IANA database") from None
    return text


class Calendar(CamelCaseModel):
    """The start of the first period; later ones start a whole number of durations after it."""

    start_time: Annotated[str, AfterValidator(validate_start_time)]
    time_zone: Annotated[str, AfterValidator(validate_time_zone)]


class TimeWindow(CamelCaseModel):
    """The time window of an SLO."""

    duration: DurationText
    is_rolling: bool = False
    calendar: Calendar | None = None

    @model_validator(mode="after")
    def check_forms(self) -> Self:
        if self.is_rolling == bool(self.calendar):
            raise ValueError("needs either isRolling: true or calendar")
        return self

    @property
    def length(self) -> Duration:
        return parse_duration(self.duration)

    def bounds_at(self, at_ns: int) -> tuple[int, int]:
        """Start and end of the period that contains a time, in Unix nanoseconds.

        A rolling window ends at that time; a calendar period may end later.
        """
        if self.calendar is None:
            return rolling_start(self.length, at_ns), at_ns
        return calendar_period(self.length, self.calendar, at_ns)


def rolling_start(length: Duration, end_ns: int) -> int:
    """The start of the window of this length that ends then; months follow the calendar in UTC."""
    if length.unit in SECONDS:
        return end_ns - length.seconds * SECOND_NS
    whole, rest = divmod(end_ns, SECOND_NS)
    end = datetime.fromtimestamp(whole, UTC)
    return unix_ns(length.add_to(end, -1)) + rest


def calendar_period(length: Duration, anchor: Calendar, at_ns: int) -> tuple[int, int]:
    zone = ZoneInfo(anchor.time_zone)
    first = datetime.strptime(anchor.start_time, START_FORMAT)  # noqa: DTZ007

    def edge(times: int) -> int:
        """The start of the period with that number, as an instant."""
        if length.is_fixed_length:
            begin = unix_ns(first.replace(tzinfo=zone))
            return begin + times * length.seconds * SECOND_NS
        return unix_ns(length.add_to(first, times).replace(tzinfo=zone))

    number = (at_ns - edge(0)) // (length.seconds * SECOND_NS)
    while edge(number) > at_ns:
        number -= 1
    while edge(number + 1) <= at_ns:
        number += 1
    return edge(number), edge(number + 1)


def unix_ns(moment: datetime) -> int:
    """Unix nanoseconds of a time; a repeated local time is the first, a skipped one the next."""
    elapsed = moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (elapsed.days * DAY_SECONDS + elapsed.seconds) * SECOND_NS + elapsed.microseconds * 1_000
