"""Dates in a column of x: the days or seconds since the first of them.

One idea: a date that can be read in two ways is not read. 2020-03-04 and 04.03.2020 have one meaning; with
slashes the column itself must say, by a day above 12, whether the day or the month comes first. Times of day
without a date are seconds, as long as they go forwards: what lies behind midnight they do not say.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

_CLOCK = r"(?:[T ]\s*(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?\s*(Z|[+-]\d{2}:?\d{2})?"
_FORMS = {
    "ymd": re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})" + _CLOCK, re.ASCII),
    "dotted": re.compile(r"(\d{1,2})(\.)(\d{1,2})\.(\d{4})" + _CLOCK, re.ASCII),
    "slashed": re.compile(r"(\d{1,2})([/-])(\d{1,2})\2(\d{4})" + _CLOCK, re.ASCII),
}
_TIME = re.compile(r"(\d{1,2}):(\d{2}):(\d{2})(?:[.,](\d{1,9}))?", re.ASCII)
_ORDERS = {"dmy": "day/month/year", "mdy": "month/day/year"}
_DAY = 86_400 * 10**9
EPOCH = date(1970, 1, 1).toordinal() * _DAY
"""Nanoseconds from the day before year 1, from which moments are counted here, to 1970."""


@dataclass(frozen=True)
class Calendar:
    """How the dates of one column are read, and from when they are counted, in nanoseconds."""

    order: str
    """Of dates with slashes "dmy" or "mdy", "clock" of times without dates, else ""."""
    first: int
    unit: str
    """What a number counts: "days" or "seconds"."""
    written: str
    """The first date, as it stands in the file."""
    zoned: bool

    def number(self, cell: str) -> float | None:
        """Return the days or seconds from the first date to this one, correctly rounded; None if it is no date."""
        moment = _time_of_day(cell) if self.clock else _moment(cell, self.order)
        if moment is None or moment[1] != self.zoned:
            return None
        return (moment[0] - self.first) / (_DAY if self.unit == "days" else 10**9)

    @property
    def clock(self) -> bool:
        """Whether these are times of day: 13:30:00 without a date."""
        return self.order == "clock"

    @property
    def since(self) -> str:
        """The first date, from which the numbers count, as ISO 8601 writes it; in UTC where it named a time zone.

        >>> calendar(["04.03.2020"]).since, calendar(["2020-03-04 12:30+01:00"]).since
        ('2020-03-04', '2020-03-04T11:30:00')
        """
        moment = datetime(1, 1, 1) + timedelta(microseconds=(self.first - _DAY) // 1000)
        return moment.date().isoformat() if self.unit == "days" else moment.isoformat()

    @property
    def note(self) -> str:
        """What was assumed, in words."""
        if self.clock:
            return f"times of day as seconds since {self.written}"
        order = f" ({_ORDERS[self.order]})" if self.order else ""
        return f"dates{order} as {self.unit} since {self.written}"


def like_a_date(cell: str) -> bool:
    """Whether a cell is written as a date, in whatever order, or as a time of day with seconds.

    >>> like_a_date("2020-03-04"), like_a_date("04/03/2020 12:30"), like_a_date("12:30:00"), like_a_date("2020.5")
    (True, True, True, False)
    """
    return _time_of_day(cell) is not None or any(_moment(cell, order) is not None for order in _ORDERS)


def calendar(cells: Iterable[str]) -> Calendar | None:
    """Return how a column with these cells is read; None where its slashes leave two ways, or no way, open.

    Cells that are no dates are passed over: they are refused where the column is read.

    >>> calendar(["2020-03-04", "2020-03-14"]).number("2020-03-14")
    10.0
    >>> calendar(["03/04/2020", "05/04/2020"]) is None
    True
    >>> calendar(["03/04/2020", "25/04/2020"]).note
    'dates (day/month/year) as days since 03/04/2020'
    """
    dated = [cell for cell in cells if like_a_date(cell)]
    times = [cell for cell in dated if _time_of_day(cell) is not None]
    first = _time_of_day(times[0]) if times else None
    if first is not None and len(times) == len(dated):
        return Calendar("clock", first[0], "seconds", times[0], False)
    dated = [cell for cell in dated if _time_of_day(cell) is None]
    if not dated:
        return None
    order = ""
    if any(_FORMS["slashed"].fullmatch(cell) for cell in dated):
        possible = [order for order in _ORDERS if all(_moment(cell, order) is not None for cell in dated)]
        if len(possible) != 1:
            return None
        order = possible[0]
    moment = _moment(dated[0], order)
    if moment is None:
        return None
    unit = "seconds" if any(":" in cell for cell in dated) else "days"
    return Calendar(order, moment[0], unit, dated[0], moment[1])


def _moment(cell: str, order: str) -> tuple[int, bool] | None:
    """The nanoseconds since year 1 of a written date, and whether it names a time zone."""
    for form, pattern in _FORMS.items():
        found = pattern.fullmatch(cell)
        if found is None:
            continue
        first, _, second, third, hour, minute, second_of_minute, fraction, zone = found.groups()
        year, month, day = {
            "ymd": (first, second, third),
            "dotted": (third, second, first),
            "slashed": (third, first, second) if order == "mdy" else (third, second, first),
        }[form]
        try:
            days = date(int(year), int(month), int(day)).toordinal()
            # datetime knows which hours, minutes and offsets there are.
            clock = datetime(1, 1, 2, int(hour or 0), int(minute or 0), int(second_of_minute or 0))
            offset = _offset(zone)
        except ValueError:
            return None
        since_midnight = clock - datetime(1, 1, 2) - offset
        whole = since_midnight // timedelta(seconds=1)
        return days * _DAY + whole * 10**9 + int((fraction or "").ljust(9, "0")), zone is not None
    return None


def _time_of_day(cell: str) -> tuple[int, bool] | None:
    """The nanoseconds since midnight of a written time, which names no zone."""
    found = _TIME.fullmatch(cell)
    if found is None:
        return None
    hour, minute, second = (int(part) for part in found.groups()[:3])
    if hour > 23 or minute > 59 or second > 59:
        return None
    whole = (hour * 60 + minute) * 60 + second
    return whole * 10**9 + int((found[4] or "").ljust(9, "0")), False


def _offset(zone: str | None) -> timedelta:
    if zone is None or zone == "Z":
        return timedelta(0)
    sign = -1 if zone[0] == "-" else 1
    digits = zone[1:].replace(":", "")
    offset = sign * timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    timezone(offset)  # refuses an offset of a day or more
    return offset
