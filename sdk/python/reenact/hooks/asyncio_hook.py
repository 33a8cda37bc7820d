"""Exceptions of asyncio that nobody awaits: callbacks, tasks whose result is never read."""

from __future__ import annotations

from reenact.capture import report
from reenact.guard import never_raise
from reenact.patching import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, Callable


def watch_loops(module: ModuleType) -> None:
    """Watches asyncio's own loops; `module` is `asyncio.base_events`."""
    replace(module.BaseEventLoop, "call_exception_handler", _before_handler)


def watch_uvloop(module: ModuleType) -> None:
    """Watches uvloop's, whose handler is inherited from compiled code."""
    inherited = module.Loop.call_exception_handler
    if getattr(inherited, "_reenact_original", None) is not None:
        return

    def call_exception_handler(self: Any, context: Any) -> Any:
        _on_exception(context)
        return inherited(self, context)

    call_exception_handler._reenact_original = inherited  # type: ignore[attr-defined]
    module.Loop.call_exception_handler = call_exception_handler


def _before_handler(original: Callable[..., Any]) -> Callable[..., Any]:
    def call_exception_handler(self: Any, context: Any) -> Any:
        _on_exception(context)
        return original(self, context)

    return call_exception_handler


@never_raise("hook asyncio")
def _on_exception(context: Any) -> None:
    error = context.get("exception") if type(context) is dict else None
    if error is None:
        return
    message = context.get("message")
    report(error, "asyncio", tags={"asyncio.message": message} if type(message) is str else {})
