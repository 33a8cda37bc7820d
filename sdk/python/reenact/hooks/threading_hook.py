"""Exceptions that end a thread."""

from __future__ import annotations

from reenact.capture import report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any


def watch_threads(module: ModuleType) -> None:
    """Captures what reaches `threading.excepthook`, and calls the hook that was there."""
    previous = module.excepthook

    def excepthook(args: Any) -> None:
        report(args.exc_value, "threading")
        previous(args)

    module.excepthook = excepthook  # type: ignore[attr-defined]
