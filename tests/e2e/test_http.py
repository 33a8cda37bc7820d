"""HTTP as old, strange and broken clients speak it: one answer per request, and nothing of a neighbour's is lost."""

from __future__ import annotations

import socket
from urllib.parse import urlparse

import pytest

from payloads import error_span, traces_body
from server import Server

TIMEOUT_SECONDS = 20


def request(body: bytes, version: str = "1.1", *headers: str) -> bytes:
    lines = [
        f"POST /v0.4/traces HTTP/{version}", "Host: agent", "Content-Type: application/msgpack", f"Content-Length: {len(body)}", *headers,
    ]  # fmt: skip
    return "\r\n".join([*lines, "", ""]).encode() + body


def exchange(server: Server, sent: bytes, *, finish: bool = False) -> bytes:
    """Everything that the server answers until it closes the connection."""
    address = urlparse(server.agent)
    with socket.create_connection((address.hostname, address.port), timeout=TIMEOUT_SECONDS) as client:
        client.sendall(sent)
        if finish:
            client.shutdown(socket.SHUT_WR)
        answer = b""
        try:
            while received := client.recv(65536):
                answer += received
        except ConnectionResetError:
            # Closed with bytes of ours unread.
            pass
        return answer


def event_body(service: str) -> bytes:
    return traces_body(error_span(service, "over strange HTTP"))


def test_pipelined_requests_are_all_stored(server: Server) -> None:
    body = event_body
    sent = request(body("pipelined")) + request(body("pipelined")) + request(body("pipelined"), "1.1", "Connection: close")
    assert exchange(server, sent).count(b"HTTP/1.1 200 OK") == 3
    server.wait_for_events("service:pipelined", 3)


def test_http_1_0_is_answered_and_closed(server: Server) -> None:
    assert exchange(server, request(event_body("http-1-0"), "1.0")).startswith(b"HTTP/1.0 200 OK")
    server.wait_for_events("service:http-1-0", 1)


def test_expect_100_continue_is_answered(server: Server) -> None:
    answer = exchange(server, request(event_body("expect"), "1.1", "Expect: 100-continue", "Connection: close"))
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")
    server.wait_for_events("service:expect", 1)


CHUNKED = b"POST /v0.4/traces HTTP/1.1\r\nHost: agent\r\nContent-Type: application/msgpack\r\nTransfer-Encoding: chunked\r\n\r\n"
BROKEN = {
    "a chunk size that is no number": CHUNKED + b"zz\r\nabc\r\n0\r\n\r\n",
    "a chunk size beyond 64 bits": CHUNKED + b"ffffffffffffffffff\r\nabc\r\n0\r\n\r\n",
    "a negative length": request(b"").replace(b"Content-Length: 0", b"Content-Length: -1"),
    "two lengths": request(b"\x90").replace(b"Content-Length: 1", b"Content-Length: 1\r\nContent-Length: 2"),
    "a body shorter than its length": request(event_body("broken")).replace(b"Content-Length: ", b"Content-Length: 9"),
    "a handshake of TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"a" * 500,
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_http_is_refused_and_closed(server: Server, name: str) -> None:
    answer = exchange(server, BROKEN[name], finish=True)
    assert answer.split(b"\r\n")[0] == b"HTTP/1.1 400 Bad Request", answer[:200]
    server.check_alive()


@pytest.mark.parametrize("headers", [b"X-Long: " + b"a" * 300_000 + b"\r\n", b"X-Many: a\r\n" * 500], ids=["long", "many"])
def test_too_many_headers_are_refused(server: Server, headers: bytes) -> None:
    answer = exchange(server, b"GET /info HTTP/1.1\r\nHost: agent\r\n" + headers + b"Connection: close\r\n\r\n")
    assert not answer or answer.split(b" ")[1] == b"431", answer[:200]
    server.check_alive()


@pytest.mark.parametrize("method", ["GET", "DELETE", "PATCH"])
def test_a_wrong_method_is_refused(server: Server, method: str) -> None:
    answer = exchange(server, f"{method} /v0.4/traces HTTP/1.1\r\nHost: agent\r\nConnection: close\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 405 Method Not Allowed") and b"POST" in answer
