"""The agent's address as sockets see it: odd, old and broken HTTP gets an answer, and only whole requests count."""

from __future__ import annotations

import json
import socket
from urllib.parse import urlparse

import pytest

from payloads import error_span, traces_body
from server import Server

CLOSE = b"Connection: close"
HEAD = b"Host: agent\r\nContent-Type: application/msgpack\r\n"
ANSWER_SECONDS = 20


def request(body: bytes, *headers: bytes, version: bytes = b"1.1", method: bytes = b"POST", length: int | None = None) -> bytes:
    lines = [method + b" /v0.4/traces HTTP/" + version, *headers, b"Content-Length: %d" % (len(body) if length is None else length)]
    return b"\r\n".join(lines) + b"\r\n" + HEAD + b"\r\n" + body


def converse(server: Server, *sent: bytes, end: bool = False) -> bytes:
    """Sends the parts, waiting for something between them, and reads until the server closes; `end` says that no more comes."""
    address = urlparse(server.agent)
    with socket.create_connection((address.hostname, address.port), timeout=ANSWER_SECONDS) as client:
        received = b""
        for number, part in enumerate(sent):
            if number:
                received += client.recv(4096)
            client.sendall(part)
        if end:
            client.shutdown(socket.SHUT_WR)
        try:
            while part := client.recv(65536):
                received += part
        except ConnectionResetError:
            pass
        return received


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def test_http_1_0_is_spoken(server: Server) -> None:
    assert status(converse(server, request(traces_body(error_span("raw", "old")), version=b"1.0"))) == 200
    server.wait_for_events('service:raw "old"', 1)


def test_pipelined_requests_are_answered_in_order(server: Server) -> None:
    info = b"GET /info HTTP/1.1\r\nHost: agent\r\n\r\n"
    bodies = [traces_body(error_span("pipelined", f"number {number}")) for number in range(3)]
    answer = converse(server, request(bodies[0]) + info + request(bodies[1]) + request(bodies[2], CLOSE))
    assert answer.count(b"HTTP/1.1 200 OK") == 4
    assert answer.index(b"rate_by_service") < answer.index(b"client_drop_p0s") < answer.rindex(b"rate_by_service")
    assert len(server.wait_for_events("service:pipelined", 3)) == 3


def test_a_client_that_asks_first_may_go_on(server: Server) -> None:
    body = traces_body(error_span("raw", "asked"))
    asked = request(b"", CLOSE, b"Expect: 100-continue", length=len(body))
    answer = converse(server, asked, body)
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n") and b"HTTP/1.1 200 OK" in answer
    server.wait_for_events('service:raw "asked"', 1)


def test_a_client_that_asks_for_too_much_is_told_so_at_once(server: Server) -> None:
    assert status(converse(server, request(b"", b"Expect: 100-continue", length=1 << 36))) == 413


WHOLE = traces_body(error_span("half", "never whole"))
CHUNKED = CLOSE + b"\r\nTransfer-Encoding: chunked\r\n"
BROKEN = {
    "half a body": request(WHOLE, CLOSE, length=len(WHOLE) + 50),
    "a body longer than announced": request(WHOLE, CLOSE, length=len(WHOLE) - 5),
    "a negative length": request(WHOLE, length=-5),
    "two lengths": request(WHOLE, b"Content-Length: 3"),
    "a chunk without a size": b"POST /v0.4/traces HTTP/1.1\r\n" + CHUNKED + HEAD + b"\r\nZZ\r\n" + WHOLE + b"\r\n0\r\n\r\n",
    "chunks that end early": b"POST /v0.4/traces HTTP/1.1\r\n" + CHUNKED + HEAD + b"\r\n%x\r\n" % len(WHOLE) + WHOLE,
    "a long header": request(WHOLE, b"X-Long: " + b"a" * 200_000),
    "many headers": request(WHOLE, *(b"X-%d: a" % number for number in range(500))),
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(300),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_requests_are_refused_and_nothing_of_them_is_kept(server: Server, name: str) -> None:
    answer = converse(server, BROKEN[name], end=name in ("half a body", "chunks that end early"))
    assert 400 <= status(answer) < 500, answer[:200]
    assert b"HTTP/1.1 200" not in answer
    assert server.issues("service:half") == []


@pytest.mark.parametrize("method", [b"GET", b"DELETE", b"PATCH", b"OPTIONS", b"FOO"])
def test_other_methods_are_refused_in_words(server: Server, method: bytes) -> None:
    answer = converse(server, request(WHOLE, CLOSE, method=method))
    assert status(answer) == 405
    assert json.loads(answer.split(b"\r\n\r\n", 1)[1])["error"]["code"] == "method_not_allowed"
    assert server.issues("service:half") == []
