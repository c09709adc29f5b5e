"""Times as the stores keep them: aware, in UTC, to the microsecond.

The databases keep whole microseconds since 1970: exact, sortable, and the same in both of them.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def in_utc(at: datetime) -> datetime:
    """The same moment in UTC. Raises ValueError for a time without a zone."""
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} has no time zone; pass an aware time, such as in UTC")
    return at.astimezone(UTC)


def to_micros(at: datetime) -> int:
    """Microseconds since 1970. Raises ValueError for a time without a zone."""
    return (in_utc(at) - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """The moment, in UTC."""
    return _EPOCH + micros * _MICROSECOND
