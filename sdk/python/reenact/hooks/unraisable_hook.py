"""Exceptions that Python cannot raise: in `__del__`, weak reference callbacks, C callbacks."""

from __future__ import annotations

import sys

from reenact.capture import report
from reenact.patching import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, Callable


def watch_unraisable(module: ModuleType) -> None:
    """Captures what reaches `sys.unraisablehook`, and calls the hook that was there; `module` is `sys`."""
    replace(module, "unraisablehook", _before_unraisablehook)


def _before_unraisablehook(previous: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def unraisablehook(unraisable: Any) -> Any:
        if not sys.is_finalizing():
            report(unraisable.exc_value, "unraisable")
        return previous(unraisable)

    return unraisablehook
