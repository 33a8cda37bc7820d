"""Flask: exceptions that no error handler of the application took."""

from __future__ import annotations

from reenact import work
from reenact.capture import report
from reenact.patching import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, Callable


def watch_applications(module: ModuleType) -> None:
    """Watches all applications; `module` is `flask.app`."""
    replace(module.Flask, "wsgi_app", _during_request)
    replace(module.Flask, "handle_exception", _before_handle_exception)


def _during_request(original: Callable[..., Any]) -> Callable[..., Any]:
    def wsgi_app(self: Any, environ: dict[str, Any], start_response: Any) -> Any:
        token = work.enter(work.WsgiRequest(environ))
        try:
            return original(self, environ, start_response)
        finally:
            work.leave(token)

    return wsgi_app


def _before_handle_exception(original: Callable[..., Any]) -> Callable[..., Any]:
    def handle_exception(self: Any, e: Exception) -> Any:
        report(e, "flask")
        return original(self, e)

    return handle_exception
