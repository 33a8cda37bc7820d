"""A server in the test's process that writes down what it is sent and answers as it is told."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple


class Received(NamedTuple):
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Recorder:
    """Listens on a free port of loopback. `answers` gives status and JSON by path without query."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.answers: dict[str, tuple[int, Any]] = {
            "/native/v1/captures": (200, {}),
            "/debugger/v2/input": (200, {}),
            "/info": (200, {"version": "7.60.0", "endpoints": ["/v0.4/traces", "/v0.5/traces", "/debugger/v2/input"]}),
            "/v0.4/traces": (200, {"rate_by_service": {"service:,env:": 1.0}}),
            "/v0.5/traces": (200, {"rate_by_service": {"service:,env:": 1.0}}),
        }
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self._read_body()
                path = self.path.partition("?")[0]
                recorder.received.append(Received(self.command, self.path, dict(self.headers), body))
                status, content = recorder.answers.get(path, (404, {}))
                text = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = do_PUT = answer

            def _read_body(self) -> bytes:
                if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
                    return self.rfile.read(int(self.headers.get("Content-Length") or 0))
                body = b""
                while size := int(self.rfile.readline().strip() or b"0", 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
                return body

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def requests(self, path: str) -> list[Received]:
        return [request for request in self.received if request.path.partition("?")[0] == path]

    def captures(self) -> list[Received]:
        return self.requests("/native/v1/captures")

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
