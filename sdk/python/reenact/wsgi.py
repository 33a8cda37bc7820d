"""WSGI middleware, for applications whose framework has no hook of its own.

application = reenact.wsgi.Middleware(application)
"""

from __future__ import annotations

from reenact import work
from reenact.capture import report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any, Callable


class Middleware:
    """Captures what leaves a WSGI application, also while its response is read, and raises it again.

    Lists, tuples and the server's own file wrapper are returned as they are: servers treat them apart.
    """

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = work.WsgiRequest(environ)
        token = work.enter(request)
        try:
            response = self._application(environ, start_response)
        except Exception as error:
            report(error, "wsgi", passes_on=True)
            raise
        finally:
            work.leave(token)
        file_wrapper = environ.get("wsgi.file_wrapper")
        if type(response) in (list, tuple) or (isinstance(file_wrapper, type) and isinstance(response, file_wrapper)):
            return response
        return _Response(response, request)


class _Response:
    """A response that is made while it is read; the request is current whenever its code runs."""

    def __init__(self, response: Iterable[bytes], request: work.WsgiRequest) -> None:
        self._response = response
        self._request = request
        self._chunks: Iterator[bytes] | None = None

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        token = work.enter(self._request)
        try:
            if self._chunks is None:
                self._chunks = iter(self._response)
            return next(self._chunks)
        except StopIteration:
            raise
        except Exception as error:
            report(error, "wsgi", passes_on=True)
            raise
        finally:
            work.leave(token)

    def close(self) -> None:
        """Closes the application's response, when it can be closed."""
        close = getattr(self._response, "close", None)
        if close is None:
            return
        token = work.enter(self._request)
        try:
            close()
        except Exception as error:
            report(error, "wsgi", passes_on=True)
            raise
        finally:
            work.leave(token)
