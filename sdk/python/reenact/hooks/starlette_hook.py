"""Starlette and FastAPI: exceptions that no exception handler of the application took."""

from __future__ import annotations

from reenact.asgi import run_watched
from reenact.patching import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, Callable


def watch_applications(module: ModuleType) -> None:
    """Watches all applications; `module` is `starlette.applications`."""
    replace(module.Starlette, "__call__", _during_request)


def _during_request(original: Callable[..., Any]) -> Callable[..., Any]:
    async def __call__(self: Any, scope: Any, receive: Any, send: Any) -> None:
        # The error middleware answers and then raises again, so that all exceptions come by here.
        await run_watched(original(self, scope, receive, send), scope, "starlette")

    return __call__
