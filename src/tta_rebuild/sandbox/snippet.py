"""What a snippet may use and how it ended: values that the jail and its callers share."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a snippet may use: seconds by the clock and of the processor (whole ones), bytes of
    address space, of one file (64 files, four times this in all) and of output that is kept
    (sixteen times as much ends it). Longer source is not run.
    """

    wall_s: float = 5.0
    cpu_s: int = 2
    memory_bytes: int = 512 << 20
    file_bytes: int = 1 << 20
    output_bytes: int = 16 << 10
    source_chars: int = 64 << 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a snippet ended, as an engine describes it.

    Attributes:
        end: ``finished`` (its last statement ran), ``raised``, ``left`` (``sys.exit``), ``limit``
            (a bound was passed) or ``died`` (the process ended without a report).
        limit: ``time``, ``cpu``, ``output`` or ``files``.
        type, message, line: of the exception; ``builtin`` if the type is Python's own, not one
            that the snippet defined.
        errno: of an OSError raised by the system; None if the snippet raised it itself.
        module: the module that an ImportError is about.
        wants: what is missing here rather than wrong in the code, such as ``an argument``.
        output: standard output and error, at most the bound; ``truncated`` if there was more.
    """

    end: str = "raised"
    limit: str = ""
    type: str = ""
    message: str = ""
    line: int | None = None
    builtin: bool = True
    errno: int | None = None
    module: str = ""
    wants: str = ""
    output: str = ""
    truncated: bool = False
    cpu_s: float = 0.0
