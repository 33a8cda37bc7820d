"""Django: exceptions of views and middleware that end in an error response."""

from __future__ import annotations

import sys

from reenact import work
from reenact.capture import report
from reenact.patching import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, Callable


def watch_exceptions(module: ModuleType) -> None:
    """Captures what Django announces by its signal; `module` is `django.core.signals`."""
    module.got_request_exception.connect(_on_request_exception, weak=False, dispatch_uid="reenact")


def watch_requests(module: ModuleType) -> None:
    """Knows the request of whatever is captured in it; `module` is `django.core.handlers.base`."""
    replace(module.BaseHandler, "get_response", _during_request)
    replace(module.BaseHandler, "get_response_async", _during_request_async)


def _on_request_exception(**_: Any) -> None:
    report(sys.exc_info()[1], "django")


def _during_request(original: Callable[..., Any]) -> Callable[..., Any]:
    def get_response(self: Any, request: Any) -> Any:
        token = work.enter(_DjangoRequest(request))
        try:
            return original(self, request)
        finally:
            work.leave(token)

    return get_response


def _during_request_async(original: Callable[..., Any]) -> Callable[..., Any]:
    async def get_response_async(self: Any, request: Any) -> Any:
        token = work.enter(_DjangoRequest(request))
        try:
            return await original(self, request)
        finally:
            work.leave(token)

    return get_response_async


class _DjangoRequest(work.Work):
    """A request of Django, read from what its handler has already put into it."""

    def __init__(self, request: Any) -> None:
        self._django = request

    def resource(self) -> str | None:
        served = self._served()
        return served.resource() if served is not None else None

    def request(self) -> dict[str, Any] | None:
        served = self._served()
        return served.request() if served is not None else None

    def user(self) -> str | None:
        """The user whom the request has loaded already; `request.user` would ask the database."""
        if self.user_id is not None:
            return self.user_id
        user_id = work.attribute(work.attribute(self._django, "_cached_user"), "id")
        return str(user_id) if type(user_id) in (int, str) else None

    def _served(self) -> work.Work | None:
        environ, scope = work.attribute(self._django, "environ"), work.attribute(self._django, "scope")
        if type(environ) is dict:
            return _WsgiRequest(environ, self._django)
        return _AsgiRequest(scope, self._django) if type(scope) is dict else None


class _WsgiRequest(work.WsgiRequest):
    def __init__(self, environ: dict[str, Any], request: Any) -> None:
        super().__init__(environ)
        self._django = request

    def route(self) -> str | None:
        return _route(self._django)


class _AsgiRequest(work.AsgiRequest):
    def __init__(self, scope: dict[str, Any], request: Any) -> None:
        super().__init__(scope)
        self._django = request

    def route(self) -> str | None:
        return _route(self._django)


def _route(request: Any) -> str | None:
    route = work.attribute(work.attribute(request, "resolver_match"), "route")
    return route if type(route) is str else None
