"""Keeps failures of this package away from the program that it watches.

Every hook runs inside the host's own code. What goes wrong in a hook is counted here, shown by
``reenact.status()`` under ``hook_errors``, and never raised. Only ``Exception`` is kept back: a
``KeyboardInterrupt`` that arrives while a hook runs belongs to the program.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, TypeVar

    Function = TypeVar("Function", bound=Callable[..., Any])

FAILURE_CHARS_MAX = 200
"""Length of the last failure as `status()` shows it, in characters."""

_failures: dict[str, int] = {}
_last_failure: str | None = None


def note_failure(place: str, failure: BaseException) -> None:
    """Counts a failure of this package; ``place`` is the hook or the part that failed."""
    global _last_failure
    _failures[place] = _failures.get(place, 0) + 1
    try:
        _last_failure = f"{place}: {type(failure).__name__}: {failure}"[:FAILURE_CHARS_MAX]
    except Exception:
        _last_failure = f"{place}: {type(failure).__name__}"


def never_raise(place: str) -> Callable[[Function], Function]:
    """Makes a function return ``None`` instead of raising; the failure is counted under ``place``."""

    def decorate(function: Function) -> Function:
        def guarded(*args: Any, **kwargs: Any) -> Any:
            try:
                return function(*args, **kwargs)
            except Exception as failure:
                note_failure(place, failure)
                return None

        guarded.__name__ = function.__name__
        guarded.__doc__ = function.__doc__
        return guarded  # type: ignore[return-value]

    return decorate


def failures() -> dict[str, int]:
    """How often each part failed, since the start of the process."""
    return dict(_failures)


def last_failure() -> str | None:
    """The last failure in one line; it names types, never captured values."""
    return _last_failure
