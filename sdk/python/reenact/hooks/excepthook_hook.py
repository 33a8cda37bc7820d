"""Exceptions that end the program."""

from __future__ import annotations

import atexit
import sys

from reenact.capture import report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType, TracebackType


def watch_uncaught(_: ModuleType) -> None:
    """Captures what reaches `sys.excepthook`, and calls the hook that was there."""
    previous = sys.excepthook

    def excepthook(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
        report(error, "excepthook")
        previous(kind, error, traceback)

    sys.excepthook = excepthook
    atexit.register(_report_last)


def _report_last() -> None:
    """Captures what ended the program when the program has put its own hook in place of ours."""
    if not hasattr(sys, "ps1"):
        report(getattr(sys, "last_value", None), "excepthook")
