"""Numbers the frames of an exception chain as ddtrace numbers them.

A traceback grows while an exception passes outer frames. An outer span therefore has other
numbers for the frames that were captured at an inner one.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any

    Captured = tuple[int, str, str, str, int]

FRAMES_PER_EXCEPTION_MAX = 30
"""Frames of one exception that are numbered, those next to the raise (ddtrace's own limit)."""
CHAIN_MAX = 32
"""Exceptions of a chain that are followed."""
TRACEBACK_MAX = 4096
"""Entries of one traceback that are followed."""

# The attributes as the interpreter keeps them, whatever an exception class puts in their place.
_traceback_of = BaseException.__dict__["__traceback__"].__get__
_cause_of = BaseException.__dict__["__cause__"].__get__
_context_of = BaseException.__dict__["__context__"].__get__
_suppresses_context = BaseException.__dict__["__suppress_context__"].__get__


def numbered_frames(error: object) -> list[tuple[int, str, str, int]]:
    """Number, function, file and line of each frame: the root cause first, its oldest frame first, from 1 on."""
    frames: list[tuple[int, str, str, int]] = []
    for one in _chain(error):
        for entry in _last_entries(_traceback_of(one)):
            code = entry.tb_frame.f_code
            frames.append((len(frames) + 1, code.co_name, code.co_filename, entry.tb_lineno))
    return frames


def renumber(captured: list[Captured], frames: list[tuple[int, str, str, int]]) -> list[Captured]:
    """Gives captured frames the numbers that they have among `frames`; those that are not among them are left out.

    Both are compared from the raise outwards, so that of equal frames of a recursion the same ones meet.
    """
    renumbered: list[Captured] = []
    rest = iter(reversed(frames))
    for captured_frame in sorted(captured, reverse=True):
        for number, *place in rest:
            if tuple(place) == captured_frame[2:]:
                renumbered.append((number, *captured_frame[1:]))
                break
    renumbered.reverse()
    return renumbered


def _chain(error: object) -> list[Any]:
    chain: list[Any] = []
    seen: set[int] = set()
    while error is not None and id(error) not in seen and len(chain) < CHAIN_MAX:
        seen.add(id(error))
        chain.append(error)
        cause = _cause_of(error)
        if cause is None and not _suppresses_context(error):
            cause = _context_of(error)
        error = cause
    chain.reverse()
    return chain


def _last_entries(entry: TracebackType | None) -> list[TracebackType]:
    entries: list[TracebackType] = []
    while entry is not None and len(entries) < TRACEBACK_MAX:
        entries.append(entry)
        entry = entry.tb_next
    return entries[-FRAMES_PER_EXCEPTION_MAX:]
