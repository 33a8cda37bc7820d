"""A server on loopback that takes what every client sends, and keeps the bytes.

As a program it prints its port, and ends when its standard input does.
"""

from __future__ import annotations

import gzip
import json
import sys
import threading
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

INFO = {"version": "7.60.0", "endpoints": ["/v0.4/traces", "/v0.5/traces", "/debugger/v2/input"]}


class Sink:
    """Bodies as they came, by the number that the program named last with `GET /mark/NUMBER`."""

    def __init__(self) -> None:
        self.bodies: list[tuple[int, str, bytes]] = []
        self._mark = 0
        sink = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                if self.path.startswith("/mark/"):
                    sink._mark = int(self.path.rsplit("/", 1)[1])
                known = {"/info": INFO, "/native/v1/config": {}}
                path = self.path.partition("?")[0]
                self._answer(200 if path in known or path.startswith("/mark/") else 404, known.get(path, {}))

            def do_POST(self) -> None:
                body = self._read()
                if "/telemetry/" not in self.path:
                    sink.bodies.append((sink._mark, self.headers.get("Content-Encoding", ""), body))
                self._answer(200, {"rate_by_service": {"service:,env:": 1.0}})

            do_PUT = do_POST

            def _read(self) -> bytes:
                if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
                    return self.rfile.read(int(self.headers.get("Content-Length") or 0))
                body = b""
                while size := int(self.rfile.readline().strip() or b"0", 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
                return body

            def _answer(self, status: int, content: object) -> None:
                text = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def contents(self) -> bytes:
        """Everything that was sent, without its compression."""
        return b"".join(unpacked(encoding, body) for _, encoding, body in self.bodies)

    def bytes_by_mark(self) -> dict[int, int]:
        """Sizes of the bodies, as sent."""
        found: dict[int, int] = {}
        for mark, _, body in self.bodies:
            found[mark] = found.get(mark, 0) + len(body)
        return found

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def unpacked(encoding: str, body: bytes) -> bytes:
    try:
        return {"gzip": gzip.decompress, "deflate": zlib.decompress}.get(encoding, bytes)(body)
    except (OSError, zlib.error):
        return body


if __name__ == "__main__":
    print(Sink().port, flush=True)
    sys.stdin.read()
