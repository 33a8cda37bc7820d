"""Exceptions that Python cannot raise: in `__del__`, weak reference callbacks, C callbacks."""

from __future__ import annotations

import sys

from reenact.capture import report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any


def watch_unraisable(_: ModuleType) -> None:
    """Captures what reaches `sys.unraisablehook`, and calls the hook that was there."""
    previous = sys.unraisablehook

    def unraisablehook(unraisable: Any) -> None:
        if not sys.is_finalizing():
            report(unraisable.exc_value, "unraisable")
        previous(unraisable)

    sys.unraisablehook = unraisablehook
