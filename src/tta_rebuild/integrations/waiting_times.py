"""When a provider may be asked again, read from its headers and words.

Used by the adapters' translations of errors and by the quotas.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

log = logging.getLogger("tta_rebuild.limiter")

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")


def duration_s(text: str) -> float | None:
    """Seconds of ``"34.07s"``, ``"7m12s"``, ``"250ms"``; None where it is no such text."""
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text.strip():
        return None
    return float(sum(float(number) * _UNITS[unit] for number, unit in parts))


def retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds named by ``Retry-After`` (or ``retry-after-ms``), None where it is not said."""
    milliseconds = headers.get("retry-after-ms", "")
    if milliseconds.isdigit():
        return int(milliseconds) / 1000
    said = headers.get("retry-after", "").strip()
    if not said:
        return None
    try:
        return max(0.0, float(said))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(said) - now).total_seconds())
    except (ValueError, TypeError):
        return None


PACIFIC = "America/Los_Angeles"
"""Where Google's daily quotas begin anew at midnight."""


def end_of_day(now: datetime, zone: str) -> datetime:
    """The next midnight in a zone, in UTC; a zone that this machine lacks is taken for UTC."""
    try:
        place = ZoneInfo(zone)
    except ZoneInfoNotFoundError:
        log.warning("no time zone data for %s: days are counted in UTC", zone)
        return datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time(), UTC)
    tomorrow = now.astimezone(place).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), place).astimezone(UTC)
