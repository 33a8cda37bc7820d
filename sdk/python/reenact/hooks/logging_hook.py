"""Exceptions that are logged: `logging.exception(…)`, or any record with `exc_info`.

`Logger.handle` is watched rather than a handler added, so that the configuration of logging stays
as it is. A logged exception counts as handled, unless a server or framework logs what nobody took.
"""

from __future__ import annotations

import logging

from reenact.capture import report
from reenact.guard import never_raise
from reenact.patching import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, Callable

_LEVELS = {"warning": logging.WARNING, "error": logging.ERROR, "critical": logging.CRITICAL}

# They log what ended a request, a job or a callback.
_UNHANDLED = (
    "aiohttp.server",
    "apscheduler.executors.default",
    "arq.worker",
    "asyncio",
    "concurrent.futures",
    "daphne.server",
    "django.request",
    "dramatiq.worker.WorkerThread",
    "grpc._server",
    "gunicorn.error",
    "huey",
    "hypercorn.error",
    "sanic.error",
    "tornado.application",
    "uvicorn.error",
    "waitress",
)

# Tracers log their own troubles, which are not the application's.
_OWN_TROUBLES = ("ddtrace", "opentelemetry", "reenact")

_level_min = logging.ERROR


def set_level(name: str) -> None:
    """Sets the level from which records count; `off` means none."""
    global _level_min
    _level_min = _LEVELS.get(name, logging.CRITICAL + 1)


def watch_loggers(module: ModuleType) -> None:
    """Watches all loggers; `module` is `logging`."""
    from reenact.lifecycle import setting

    set_level(setting("log_level") or "error")
    replace(module.Logger, "handle", _before_handle)


def _before_handle(original: Callable[..., Any]) -> Callable[..., Any]:
    def handle(self: Any, record: Any) -> Any:
        _on_record(self, record)
        return original(self, record)

    return handle


@never_raise("hook logging")
def _on_record(logger: Any, record: Any) -> None:
    if not record.exc_info or record.levelno < _level_min or logger.disabled:
        return
    exc_info, name = record.exc_info, record.name
    if type(exc_info) is not tuple or len(exc_info) != 3 or type(name) is not str:
        return
    if name.split(".", 1)[0] in _OWN_TROUBLES:
        return
    report(exc_info[1], "logging", handled=name not in _UNHANDLED, tags={"logger": name})
