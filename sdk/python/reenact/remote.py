"""Asks the server, now and then, whether to capture and what to capture next.

`GET {address}/native/v1/config?service=…&env=…&client_id=…` answers with JSON:
`{"enabled": true, "captures_per_second": null, "capture_next": [{"type": "…", "function": "…", "file": "…"}],
"poll_seconds": 10}`; the core takes it over as it is. A thread begins with the first capture of a process. An agent or
an older server answers 404: then nobody is asked again.

The request is written here rather than by `http.client`, whose import costs more than all of this
package, in the middle of an application that is handling an exception.
"""

from __future__ import annotations

from _thread import allocate_lock
from os import urandom

from reenact.guard import note_failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Event
    from typing import Any

POLL_SECONDS = 15.0
"""Time between two questions unless the answer says otherwise."""
POLL_SECONDS_MIN, POLL_SECONDS_MAX = 1.0, 3600.0
"""Bounds of what an answer may ask for, and of the wait while the server does not answer."""
TIMEOUT_SECONDS = 5.0
"""How long one step of a question may take."""
ANSWER_BYTES_MAX = 1_048_576
"""Size of an answer; a longer one is not read."""

EXIT_SECONDS = 2.0
"""How long the end of the process waits for a step of TLS. OpenSSL frees what it has when a process ends, also below a
thread that is using it, which would end the process with a signal."""

_stopping: Event | None = None
_using_tls = allocate_lock()
_connection: Any = None
"""The one that TLS is used on."""


class NotOffered(Exception):
    """The address has no remote configuration."""


class Server:
    """Who is asked, by which certificates it is trusted where its address is `https://`, and the key that it may want."""

    def __init__(self, address: str, ca_file: str | None = None, api_key: str | None = None) -> None:
        self.scheme, _, self.place = address.partition("://")
        self.user = ""
        if self.scheme != "unix":
            self.user, _, self.place = self.place.rpartition("@")
        self.ca_file = ca_file
        self.api_key = api_key


def run(server: Server, service: str, env: str | None, apply: Callable[[dict[str, Any]], None]) -> None:
    """Begins to ask, in a thread of its own."""
    global _stopping
    import threading

    _stopping = threading.Event()
    arguments = (server, _query(service, env), apply, _stopping)
    threading.Thread(target=_poll, args=arguments, name="reenact-remote", daemon=True).start()


def is_running() -> bool:
    """Whether this process asks, or has learned that there is nothing to ask."""
    return _stopping is not None


def stop() -> None:
    """Ends the thread at its next step; no TLS is used when this returns, nor begun after it."""
    if _stopping is None or _stopping.is_set():
        return
    _stopping.set()
    connection = _connection
    if connection is not None:
        import socket

        try:
            # What waits for the other side ends at once. The method of the plain socket: the other one changes the object.
            socket.socket.shutdown(connection, socket.SHUT_RDWR)
        except OSError:
            pass
    # It is not given back.
    _using_tls.acquire(timeout=EXIT_SECONDS)


def forget() -> None:
    """After a fork: the thread is the parent's; this process begins anew with its first capture."""
    global _stopping, _using_tls, _connection
    _stopping = None
    _using_tls = allocate_lock()
    _connection = None


def _query(service: str, env: str | None) -> str:
    found = f"service={_quoted(service)}&client_id={urandom(8).hex()}"
    return f"{found}&env={_quoted(env)}" if env else found


def _quoted(text: str) -> str:
    return "".join(chr(byte) if chr(byte).isalnum() and byte < 128 else f"%{byte:02X}" for byte in text.encode())


def _poll(server: Server, query: str, apply: Callable[[dict[str, Any]], None], stopping: Event) -> None:
    seconds = POLL_SECONDS
    while not stopping.is_set():
        try:
            answer = ask(server, query)
            apply(answer)
            seconds = _poll_seconds(answer)
        except NotOffered:
            return
        except OSError:
            # Away, or slow: asked again, less and less often.
            seconds = min(seconds * 2, POLL_SECONDS_MAX)
        except Exception as failure:
            note_failure("remote configuration", failure)
            seconds = min(seconds * 2, POLL_SECONDS_MAX)
        stopping.wait(seconds)


def _poll_seconds(answer: dict[str, Any]) -> float:
    seconds = answer.get("poll_seconds")
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        return POLL_SECONDS
    return min(max(float(seconds), POLL_SECONDS_MIN), POLL_SECONDS_MAX)


def ask(server: Server, query: str) -> dict[str, Any]:
    """Asks once.

    Raises:
        NotOffered: the answer is none of a server that offers this.
        OSError: nobody answers in time, or with a failure of the server.
        ValueError: the answer is not JSON of the form above.
    """
    import json

    status, body = _get(server, f"/native/v1/config?{query}")
    if 500 <= status < 600 or status == 429:
        raise OSError(f"the server answers {status}")
    if status != 200:
        raise NotOffered(status)
    answer = json.loads(body)
    if not isinstance(answer, dict):
        raise ValueError("the answer is no JSON object")
    return answer


def _get(server: Server, target: str) -> tuple[int, bytes]:
    connection = _connect(server)
    if server.scheme != "https":
        return _exchange(server, connection, target)
    with _using_tls:
        return _exchange(server, _secured(server, connection), target)


def _exchange(server: Server, connection: Any, target: str) -> tuple[int, bytes]:
    global _connection
    try:
        # HTTP/1.0: the answer is not chunked and ends with the connection.
        head = f"GET {target} HTTP/1.0\r\nHost: {'localhost' if server.scheme == 'unix' else server.place}\r\n"
        head += f"Accept: application/json\r\n{_credentials(server)}\r\n"
        connection.sendall(head.encode())
        received = b""
        while len(received) <= ANSWER_BYTES_MAX:
            part = connection.recv(65_536)
            if not part:
                return _parse(received)
            received += part
        raise ValueError(f"the answer is over the limit of {ANSWER_BYTES_MAX} bytes")
    finally:
        _connection = None
        connection.close()


def _credentials(server: Server) -> str:
    headers = ""
    if server.user:
        from base64 import b64encode
        from urllib.parse import unquote_to_bytes

        user = server.user if ":" in server.user else f"{server.user}:"
        headers += f"Authorization: Basic {b64encode(unquote_to_bytes(user)).decode()}\r\n"
    if server.api_key:
        headers += f"DD-API-KEY: {server.api_key}\r\n"
    return headers


def _connect(server: Server) -> Any:
    import socket

    if server.scheme == "unix":
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(TIMEOUT_SECONDS)
        connection.connect(server.place)
        return connection
    return socket.create_connection(_host_and_port(server), TIMEOUT_SECONDS)


def _secured(server: Server, connection: Any) -> Any:
    global _connection
    try:
        import ssl

        context = ssl.create_default_context(cafile=server.ca_file)
        host, _ = _host_and_port(server)
        connection = context.wrap_socket(connection, server_hostname=host, suppress_ragged_eofs=True, do_handshake_on_connect=False)
        _connection = connection
        connection.do_handshake()
        return connection
    except BaseException:
        _connection = None
        connection.close()
        raise


def _host_and_port(server: Server) -> tuple[str, int]:
    host, colon, port = server.place.rpartition(":")
    if colon and port.isdigit():
        return host.strip("[]"), int(port)
    return server.place.strip("[]"), 443 if server.scheme == "https" else 80


def _parse(received: bytes) -> tuple[int, bytes]:
    head, _, body = received.partition(b"\r\n\r\n")
    parts = head.split(b"\r\n", 1)[0].split(b" ")
    if len(parts) < 2 or not parts[0].startswith(b"HTTP/") or not parts[1].isdigit():
        raise NotOffered("the answer is no HTTP")
    return int(parts[1]), body
