"""TLS in front of a server, as a reverse proxy ends it."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from pathlib import Path

FIXTURES = Path(__file__).resolve().parents[3] / "fixtures/tls"
CA_FILE = str(FIXTURES / "ca.pem")


class Front:
    """Listens on a free port of loopback with the certificate of `fixtures/tls`, and passes on to `target` (`http://host:port`)."""

    def __init__(self, target: str) -> None:
        host, _, port = target.partition("://")[2].rpartition(":")
        self._target = (host, int(port))
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(FIXTURES / "server.pem", FIXTURES / "server.key")
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        # Who does not trust the certificate ends the connection.
        with (
            contextlib.suppress(OSError),
            socket.create_connection(self._target) as upstream,
            self._context.wrap_socket(connection, server_side=True) as client,
        ):
            threading.Thread(target=_pass_on, args=(upstream, client), daemon=True).start()
            _pass_on(client, upstream)

    def close(self) -> None:
        self._listener.close()


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while part := source.recv(65_536):
            sink.sendall(part)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_RDWR)
