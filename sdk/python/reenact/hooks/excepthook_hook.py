"""Exceptions that end the program."""

from __future__ import annotations

import atexit
import sys

from reenact.capture import report
from reenact.patching import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType, TracebackType
    from typing import Any, Callable


def watch_uncaught(module: ModuleType) -> None:
    """Captures what reaches `sys.excepthook`, and calls the hook that was there; `module` is `sys`."""
    replace(module, "excepthook", _before_excepthook)
    atexit.register(_report_last)


def _before_excepthook(previous: Callable[..., Any]) -> Callable[..., Any]:
    def excepthook(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> Any:
        report(error, "excepthook")
        return previous(kind, error, traceback)

    return excepthook


def _report_last() -> None:
    """Captures what ended the program when the program has put its own hook in place of ours."""
    if not hasattr(sys, "ps1"):
        report(getattr(sys, "last_value", None), "excepthook")
