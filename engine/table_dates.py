"""Dates in the cells of a table, as days since 1970-01-01."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence

import numpy as np

from engine.dataset import FloatArray

_TIME = r"(?:[T ](?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.\d+)?)?Z?)?"
_YEAR_FIRST = re.compile(r"(?P<year>\d{4})([-/.])(?P<a>\d{1,2})\2(?P<b>\d{1,2})" + _TIME)
_YEAR_LAST = re.compile(r"(?P<a>\d{1,2})([-/.])(?P<b>\d{1,2})\2(?P<year>\d{4})" + _TIME)
_EPOCH = datetime.date(1970, 1, 1).toordinal()


def days_of(texts: Sequence[str]) -> tuple[FloatArray, str]:
    """Days since 1970-01-01 (k,), NaN where a text is no date; and how the texts were read.

    2024-03-31 and 2024/03/31 are plain. Of 31.03.2024 and 03/31/2024 that number is the month which is never above 12;
    where both could be, the day comes first between points, the month between strokes.

    Examples
    --------
    >>> days_of(["1970-01-02", "02.01.1970 12:00"])[0].tolist()
    [1.0, 1.5]
    """
    matches = [_YEAR_FIRST.fullmatch(text) or _YEAR_LAST.fullmatch(text) for text in texts]
    last = [match for match in matches if match is not None and match.re is _YEAR_LAST]
    day_first = any(int(match["a"]) > 12 for match in last)
    month_first = any(int(match["b"]) > 12 for match in last)
    if not day_first and not month_first:
        day_first = any(match[2] == "." for match in last)
    days = np.full(len(texts), np.nan)
    for place, match in enumerate(matches):
        if match is None:
            continue
        first_is_month = match.re is _YEAR_FIRST or not day_first
        month, day = (match["a"], match["b"]) if first_is_month else (match["b"], match["a"])
        try:
            whole = datetime.date(int(match["year"]), int(month), int(day)).toordinal() - _EPOCH
        except ValueError:
            continue
        seconds = 3600 * int(match["hour"] or 0) + 60 * int(match["minute"] or 0) + int(match["second"] or 0)
        days[place] = whole + seconds / 86_400
    order = "year first" if not last else "day first" if day_first else "month first"
    return days, order
