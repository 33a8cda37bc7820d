"""ASGI middleware, for applications whose framework has no hook of its own.

application = reenact.asgi.Middleware(application)
"""

from __future__ import annotations

from reenact import work
from reenact.capture import report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable
    from typing import Any, Callable


class Middleware:
    """Captures what leaves an ASGI 3 application and raises it again. Messages pass untouched."""

    def __init__(self, application: Callable[..., Awaitable[None]]) -> None:
        self._application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await run_watched(self._application(scope, receive, send), scope, "asgi")


async def run_watched(call: Awaitable[None], scope: Any, mechanism: str) -> None:
    """Awaits one call of an application and captures what leaves it."""
    if type(scope) is not dict or scope.get("type") not in ("http", "websocket"):
        await _run(call, mechanism)
        return
    token = work.enter(work.AsgiRequest(scope))
    try:
        await _run(call, mechanism)
    finally:
        work.leave(token)


async def _run(call: Awaitable[None], mechanism: str) -> None:
    try:
        await call
    except Exception as error:
        report(error, mechanism, passes_on=True)
        raise
