"""Captures exceptions with the values of their variables, for Reenact.

Ways to switch it on:

- `REENACT_ENABLED=true` in the environment: nothing in the program changes, and nothing in the command.
- `reenact-run python app.py` (or gunicorn, uvicorn, celery, pytest, …).
- `import reenact` with the variable, where the package is not among the site packages.
- `reenact.init()` in the program.

Nothing here raises into the program, except `init` for settings that are wrong.
"""

from __future__ import annotations

import sys as _sys

from reenact import lifecycle as _lifecycle
from reenact import work as _work
from reenact.capture import report as _report
from reenact.config import is_enabled_by_environment as _is_enabled_by_environment
from reenact.guard import never_raise as _never_raise
from reenact.settings import SettingError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

__version__ = "0.1.0"
__all__ = ["SettingError", "capture_exception", "flush", "init", "set_user", "status"]


def init(**settings: Any) -> None:
    """Switches captures on, with settings that win over the environment.

    All settings, their units and defaults are in `docs/python.md`. Call it before the first
    exception; `init(enabled=False)` switches captures off.

    Raises:
        SettingError: there is no such setting, or the value does not fit; the message says what does.
    """
    if settings.get("enabled", True) is False:
        _lifecycle.stop()
        return
    _lifecycle.start(settings)
    _lifecycle.start_core()


def capture_exception(exc: BaseException | None = None, *, handled: bool = True, tags: Mapping[str, str] | None = None) -> str | None:
    """Captures an exception that the program has caught, with an event of its own.

    Without ``exc`` it is the one that is being handled. Returns the id of the exception (32 hex
    digits), also when it was captured before; `None` when there is no exception or captures are off.
    """
    error = exc if exc is not None else _sys.exc_info()[1]
    details: dict[str, Any] = {"tags": _texts(tags)} if tags else {}
    capture = _report(error, "capture_exception", handled=handled, **details)
    return capture.exception_id if capture is not None else None


def set_user(user_id: str | int | None) -> None:
    """Names the user of the current request or job; later events of it carry the id. `None` takes it back."""
    _work.set_user_id(None if user_id is None else str(user_id))


def flush(timeout: float = 2.0) -> bool:
    """Waits up to ``timeout`` seconds until everything captured was sent. Returns whether it was."""
    return bool(_flush(timeout))


def status() -> dict[str, Any]:
    """What happens here: counters of the core, the state of each hook, settings with their origin, own failures."""
    return _status() or {}


_flush = _never_raise("flush")(_lifecycle.flush)
_status = _never_raise("status")(_lifecycle.status)


def _texts(tags: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in tags.items() if type(name) is str and type(value) is str}


@_never_raise("start")
def _start_by_environment() -> None:
    if _is_enabled_by_environment():
        _lifecycle.start({})


_start_by_environment()
