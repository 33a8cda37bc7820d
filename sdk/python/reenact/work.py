"""What the program is doing while an exception is raised: a request or a job.

A request is kept as the server's own `environ` or `scope` and only read when an exception is
captured. Reading touches built-in containers and instance dictionaries: no property, no
descriptor, no lazy user object, no query.
"""

from __future__ import annotations

from contextvars import ContextVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contextvars import Token
    from typing import Any

HEADERS_MAX = 64
"""Headers of a request that are kept; the later ones go."""
HEADER_CHARS_MAX = 1024
"""Length of one header value, in characters."""
URL_CHARS_MAX = 2048
"""Length of a URL with its query, in characters."""


class Work:
    """A request or a job. Each kind says where its facts are read from."""

    user_id: str | None = None

    def resource(self) -> str | None:
        """The name that this shares with all work of its kind: `GET /orders/<id>`, `shop.tasks.charge`."""
        return None

    def request(self) -> dict[str, Any] | None:
        """Method, route, url, user agent and headers, as `_native.capture` takes them."""
        return None

    def tags(self) -> dict[str, str]:
        """Further tags for the event."""
        return {}

    def user(self) -> str | None:
        """The user that `set_user` named, else the one that the framework already knows."""
        return self.user_id


class Job(Work):
    """A unit of work that is no request: a task of a queue, an invocation."""

    def __init__(self, name: str, tags: dict[str, str]) -> None:
        self._name = name
        self._tags = tags

    def resource(self) -> str | None:
        return self._name

    def tags(self) -> dict[str, str]:
        return self._tags


class WsgiRequest(Work):
    """A request as its WSGI `environ`."""

    def __init__(self, environ: dict[str, Any]) -> None:
        self._environ = environ

    def resource(self) -> str | None:
        method = _text(self._environ.get("REQUEST_METHOD")) or "GET"
        return f"{method} {self.route() or self._path()}"

    def route(self) -> str | None:
        """The pattern that matched, when a framework has left it in the environ."""
        rule = attribute(attribute(self._environ.get("werkzeug.request"), "url_rule"), "rule")
        return rule if type(rule) is str else None

    def request(self) -> dict[str, Any] | None:
        environ = self._environ
        headers: dict[str, str] = {}
        for name, value in environ.items():
            if len(headers) == HEADERS_MAX:
                break
            if type(name) is not str or type(value) is not str or not value:
                continue
            if name.startswith("HTTP_"):
                headers[name[5:].replace("_", "-").lower()] = value[:HEADER_CHARS_MAX]
            elif name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
                headers[name.replace("_", "-").lower()] = value[:HEADER_CHARS_MAX]
        host = headers.get("host") or _text(environ.get("SERVER_NAME")) or "localhost"
        scheme = _text(environ.get("wsgi.url_scheme")) or "http"
        return _request(
            method=_text(environ.get("REQUEST_METHOD")) or "GET",
            url=_url(scheme, host, self._path(), _text(environ.get("QUERY_STRING"))),
            route=self.route(),
            headers=headers,
        )

    def _path(self) -> str:
        path = _text(self._environ.get("SCRIPT_NAME")) + _text(self._environ.get("PATH_INFO"))
        # WSGI hands on bytes as latin-1 (PEP 3333).
        return path.encode("latin-1", "replace").decode("utf-8", "replace") or "/"


class AsgiRequest(Work):
    """A request or a websocket as its ASGI `scope`."""

    def __init__(self, scope: dict[str, Any]) -> None:
        self._scope = scope

    def resource(self) -> str | None:
        return f"{self._method()} {self.route() or _text(self._scope.get('path')) or '/'}"

    def route(self) -> str | None:
        """The pattern that matched, when a framework has left it in the scope."""
        path = attribute(self._scope.get("route"), "path")
        return path if type(path) is str else None

    def request(self) -> dict[str, Any] | None:
        scope = self._scope
        headers: dict[str, str] = {}
        for pair in list(scope.get("headers") or ())[:HEADERS_MAX]:
            name, value = pair
            if type(name) is bytes and type(value) is bytes:
                headers[name.decode("latin-1").lower()] = value[:HEADER_CHARS_MAX].decode("latin-1")
        path = _text(scope.get("path")) or "/"
        query = scope.get("query_string")
        return _request(
            method=self._method(),
            url=_url(
                _text(scope.get("scheme")) or "http",
                headers.get("host") or self._server(),
                path,
                query.decode("latin-1") if type(query) is bytes else "",
            ),
            route=self.route(),
            headers=headers,
        )

    def _method(self) -> str:
        return _text(self._scope.get("method")) or _text(self._scope.get("type")).upper() or "GET"

    def _server(self) -> str:
        server = self._scope.get("server")
        if type(server) in (tuple, list) and server and type(server[0]) is str:
            return f"{server[0]}:{server[1]}" if len(server) > 1 and type(server[1]) is int else server[0]
        return "localhost"


_current: ContextVar[Work | None] = ContextVar("reenact_work", default=None)
_user_id: ContextVar[str | None] = ContextVar("reenact_user", default=None)


def enter(work: Work) -> Token[Work | None]:
    """Makes `work` the current one of this thread or task; give the token to `leave`."""
    return _current.set(work)


def leave(token: Token[Work | None]) -> None:
    """Ends the current work. Harmless when a framework ends it in another context than it began."""
    try:
        _current.reset(token)
    except ValueError:
        pass


def current() -> Work | None:
    """The request or job of this thread or task."""
    return _current.get()


def set_user_id(user_id: str | None) -> None:
    """Names the user of the current request or job, or of this thread or task when there is none."""
    work = _current.get()
    if work is not None:
        work.user_id = user_id
    else:
        _user_id.set(user_id)


def user_id() -> str | None:
    """The user of the current request or job, or of this thread or task."""
    work = _current.get()
    return (work.user() if work is not None else None) or _user_id.get()


def attribute(owner: object, name: str) -> Any:
    """An entry of the instance dictionary, read without the attribute protocol of `owner`."""
    try:
        fields = object.__getattribute__(owner, "__dict__")
    except AttributeError:
        return None
    return fields.get(name) if type(fields) is dict else None


def _request(method: str, url: str, route: str | None, headers: dict[str, str]) -> dict[str, Any]:
    facts: dict[str, Any] = {"method": method, "url": url, "headers": headers}
    if route is not None:
        facts["route"] = route
    if "user-agent" in headers:
        facts["user_agent"] = headers["user-agent"]
    return facts


def _url(scheme: str, host: str, path: str, query: str) -> str:
    return f"{scheme}://{host}{path}{'?' + query if query else ''}"[:URL_CHARS_MAX]


def _text(value: object) -> str:
    return value if type(value) is str else ""
