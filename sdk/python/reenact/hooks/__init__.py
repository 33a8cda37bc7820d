"""The places where exceptions are seen, each a hook with a name.

A hook waits for the modules that it needs and is loaded when the first of them is imported, so
that a program pays for what it uses. The setting `hooks` chooses among them.
"""

from __future__ import annotations

from importlib import import_module

from reenact.guard import note_failure
from reenact.imports import when_imported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

# Hook, then the modules it waits for and the function of `reenact.hooks.<hook>_hook` that each is given to.
_HOOKS: dict[str, tuple[tuple[str, str], ...]] = {
    "ddtrace": (
        ("ddtrace._trace.span", "watch_spans"),
        ("ddtrace.span", "watch_spans"),
        ("ddtrace.debugging._exception.replay", "take_over_replay"),
        ("ddtrace.debugging._exception.auto_instrument", "take_over_debugging"),
        ("ddtrace.internal.core.crashtracking", "take_over_crash_reports"),
    ),
    "opentelemetry": (("opentelemetry.sdk.trace", "watch_spans"),),
    "flask": (("flask.app", "watch_applications"),),
    "django": (("django.core.signals", "watch_exceptions"), ("django.core.handlers.base", "watch_requests")),
    "starlette": (("starlette.applications", "watch_applications"),),
    "celery": (("celery.signals", "watch_tasks"),),
    "rq": (("rq.worker", "watch_workers"),),
    "pytest": (("_pytest.runner", "watch_sessions"),),
    "excepthook": (("sys", "watch_uncaught"),),
    "unraisable": (("sys", "watch_unraisable"),),
    "threading": (("threading", "watch_threads"),),
    "multiprocessing": (("multiprocessing.process", "watch_processes"), ("multiprocessing.util", "flush_at_exit")),
    "asyncio": (("asyncio.base_events", "watch_loops"), ("uvloop", "watch_uvloop")),
    "logging": (("logging", "watch_loggers"),),
}

_state: dict[str, str] = {}


def hook_names() -> list[str]:
    """All hooks, in the order in which they are installed."""
    return list(_HOOKS)


def install(names: list[str]) -> None:
    """Installs hooks, now or when the modules that they wait for are imported."""
    for name in names:
        if name in _state:
            continue
        _state[name] = "waiting"
        for module, function in _HOOKS[name]:
            when_imported(module, _Loading(name, function))


def hook_states() -> dict[str, str]:
    """Each hook with `installed`, `waiting` (for a module to be imported), `failed` or `off`."""
    return {name: _state.get(name, "off") for name in _HOOKS}


class _Loading:
    """Loads a hook and gives it the module, once that is imported."""

    def __init__(self, hook: str, function: str) -> None:
        self._hook = hook
        self._function = function

    def __call__(self, module: ModuleType) -> None:
        try:
            getattr(import_module(f"reenact.hooks.{self._hook}_hook"), self._function)(module)
            _state[self._hook] = "installed"
        except Exception as failure:
            _state[self._hook] = "failed"
            note_failure(f"hook {self._hook}", failure)
