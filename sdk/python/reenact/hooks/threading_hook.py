"""Exceptions that end a thread."""

from __future__ import annotations

from reenact.capture import report
from reenact.patching import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, Callable


def watch_threads(module: ModuleType) -> None:
    """Captures what reaches `threading.excepthook`, and calls the hook that was there."""
    replace(module, "excepthook", _before_excepthook)


def _before_excepthook(previous: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def excepthook(args: Any) -> Any:
        report(args.exc_value, "threading")
        return previous(args)

    return excepthook
