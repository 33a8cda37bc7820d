"""Hostile and broken bodies: a clear refusal, bounded memory, and nobody else's data lost."""

from __future__ import annotations

import gzip
import json
import socket
import time
from collections.abc import Iterator
from urllib.parse import urlparse

import msgpack
import pytest
import requests
import zstandard

from payloads import TRACE_HEADERS, captured_span, error_span, post_snapshots, post_traces, snapshot, traces_body
from polling import wait_until
from server import Server

BOMB_BYTES = 512 * 1024 * 1024
MEMORY_GROWTH_BYTES_MAX = 200 * 1024 * 1024
NESTING = 10_000
SLOW_SECONDS_MAX = 60


@pytest.fixture(autouse=True)
def lives_on(server: Server) -> Iterator[None]:
    """After each of these the server still runs, is no larger, and takes a good event."""
    before = server.memory_bytes()
    yield
    server.check_alive()
    growth = server.memory_bytes() - before
    assert growth < MEMORY_GROWTH_BYTES_MAX, f"memory grew by {growth >> 20} MiB"
    message = f"good event {time.time_ns()}"
    assert post_traces(server.agent, traces_body(error_span("bystander", message))).ok
    server.wait_for_events(f'service:bystander "{message}"', 1)


def refused(answer: requests.Response) -> None:
    assert 400 <= answer.status_code < 500, f"{answer.status_code} {answer.text[:300]}"
    assert answer.text.strip(), "a refusal says why"


def received(server: Server) -> int:
    """How many items the server has read or refused."""
    intake = server.get("/status")["intake"]
    return intake["spans_received"] + intake["snapshots_received"] + intake["malformed"] + intake["too_large"]


def nested_snapshot() -> bytes:
    text = json.dumps([snapshot("broken", "nested", held={"type": "marker"})])
    value = '{"type":"dict","fields":{"a":' * NESTING + '{"type":"int","value":"1"}' + "}}" * NESTING
    return text.replace('{"type": "marker"}', value).encode()


BAD_TRACES = {
    "empty": b"",
    "text": b"hello, agent",
    "truncated": traces_body(error_span("broken", "truncated"))[:-30],
    "a map": msgpack.packb({"traces": []}),
    "a number": msgpack.packb(7),
    "an array said to be 4 billion long": b"\xdd\xff\xff\xff\xff",
    "a string said to be 4 GiB long": b"\x91\x91\x81\xdb\xff\xff\xff\xff",
}
BAD_SNAPSHOTS = {
    "empty": b"",
    "text": b"hello, agent",
    "truncated": json.dumps([snapshot("broken", "s-1")])[:-5].encode(),
    "UTF-16": json.dumps([snapshot("broken", "s-2")]).encode("utf-16"),
}


@pytest.mark.parametrize("name", BAD_TRACES)
@pytest.mark.parametrize("version", ["v0.4", "v0.5"])
def test_bad_traces_are_refused(server: Server, version: str, name: str) -> None:
    before = server.outcomes().get("malformed", 0)
    answer = requests.post(f"{server.agent}/{version}/traces", data=BAD_TRACES[name], headers=TRACE_HEADERS, timeout=30)
    refused(answer)
    assert server.outcomes().get("malformed", 0) > before, "the refusal was not counted"


@pytest.mark.parametrize("name", BAD_SNAPSHOTS)
def test_bad_snapshots_are_refused(server: Server, name: str) -> None:
    before = server.outcomes().get("malformed", 0)
    refused(post_snapshots(server.agent, BAD_SNAPSHOTS[name]))
    assert server.outcomes().get("malformed", 0) > before, "the refusal was not counted"


NESTED = {
    "/v0.4/traces": b"\x91" * NESTING + b"\xc0",
    "/v0.5/traces": b"\x92\x91\xa0" + b"\x91" * NESTING + b"\xc0",
    "/debugger/v2/input": b"[" * NESTING + b"]" * NESTING,
    "/debugger/v1/input": nested_snapshot(),
}


@pytest.mark.parametrize("path", NESTED)
def test_ten_thousand_levels_are_refused_or_counted(server: Server, path: str) -> None:
    before = received(server)
    kind = "application/msgpack" if path.endswith("traces") else "application/json"
    answer = requests.post(server.agent + path, data=NESTED[path], headers={"Content-Type": kind}, timeout=30)
    if answer.status_code >= 300:
        refused(answer)
    assert received(server) > before, f"answered {answer.status_code}, but nothing was counted"


def test_invalid_utf8_in_a_value_costs_at_most_its_own_snapshot(server: Server) -> None:
    before = received(server)
    body = json.dumps([snapshot("broken", "utf8", held={"type": "str", "value": "MARK"}), snapshot("broken", "utf8-sibling")])
    answer = post_snapshots(server.agent, body.encode().replace(b"MARK", b"\xff\xfe"))
    assert answer.ok, "the sibling is lost"
    assert received(server) - before == 2


def test_a_wrong_content_type_is_refused(server: Server) -> None:
    body = traces_body(error_span("broken", "content type"))
    refused(post_traces(server.agent, body, **{"Content-Type": "text/html"}))
    refused(post_snapshots(server.agent, json.dumps([snapshot("broken", "s-3")]), **{"Content-Type": "text/html"}))


def test_a_wrong_charset_is_refused(server: Server) -> None:
    body = json.dumps([snapshot("broken", "s-4")]).encode("utf-16")
    refused(post_snapshots(server.agent, body, **{"Content-Type": "application/json; charset=utf-16"}))


def test_an_unknown_compression_is_refused(server: Server) -> None:
    refused(post_traces(server.agent, traces_body(error_span("broken", "compression")), **{"Content-Encoding": "sdch"}))


BAD_SPANS = {
    "a string": "span",
    "nil": None,
    "a list": [1, 2, 3],
    "wrong types inside": error_span("broken", "types", service=7, meta=["no", "map"], start="yesterday"),
    "a negative id": error_span("broken", "negative", span_id=-4),
}


@pytest.mark.parametrize("name", BAD_SPANS)
def test_siblings_of_a_bad_span_are_kept(server: Server, name: str) -> None:
    before = sum(server.outcomes().values())
    service = f"siblings-{name.replace(' ', '-')}"
    body = traces_body(error_span(service, "before"), BAD_SPANS[name], error_span(service, "after"))
    assert post_traces(server.agent, body).status_code == 200
    server.wait_for_events(f"service:{service}", 2)
    assert sum(server.outcomes().values()) - before == 3, "every span has one outcome"


def test_siblings_of_a_bad_snapshot_are_kept(server: Server) -> None:
    before = server.get("/status")["intake"]["snapshots_received"]
    malformed = server.outcomes().get("malformed", 0)
    body = json.dumps([snapshot("siblings", "s-5"), 7, {"debugger": {"snapshot": "no object"}}, snapshot("siblings", "s-6")])
    assert post_snapshots(server.agent, body).ok
    assert server.get("/status")["intake"]["snapshots_received"] - before >= 2
    assert server.outcomes().get("malformed", 0) > malformed


def test_siblings_of_a_bad_value_are_kept(server: Server) -> None:
    good = {"type": "int", "value": "1"}
    values = {"good": good, "number": 5, "text": "bare", "array": [1], "list": {"type": "list", "size": 2, "elements": [5, good]}}
    assert post_snapshots(server.agent, json.dumps([snapshot("bad-value", "bad-value", **values)])).ok
    assert post_traces(server.agent, traces_body(captured_span("bad-value", "one of many", "bad-value"))).ok
    wait_until("the event arrives", lambda: server.events("service:bad-value"))
    (event,) = server.events("service:bad-value")
    assert event["exceptions"][-1]["frames"][-1]["values"]["arguments"]["good"] == good


def test_compressed_bodies_are_accepted(server: Server) -> None:
    for name, compress in {"gzip": gzip.compress, "zstd": zstandard.compress}.items():
        body = compress(traces_body(error_span(f"compressed-{name}", "small")))
        assert post_traces(server.agent, body, **{"Content-Encoding": name}).status_code == 200
        server.wait_for_events(f"service:compressed-{name}", 1)


@pytest.fixture(scope="module")
def bombs() -> dict[str, bytes]:
    """Half a gibibyte of zeros, compressed block by block."""
    block = b"\0" * (1 << 20)
    inflated = gzip.compress(block, 9) * (BOMB_BYTES >> 20)
    return {"gzip": inflated, "zstd": zstandard.compress(block * 64, 19) * (BOMB_BYTES >> 26)}


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
@pytest.mark.parametrize("path", ["/v0.4/traces", "/debugger/v2/input", "/telemetry/proxy/api/v2/apmtelemetry"])
def test_a_decompression_bomb_is_bounded(server: Server, bombs: dict[str, bytes], coding: str, path: str) -> None:
    kind = "application/msgpack" if path.endswith("traces") else "application/json"
    answer = requests.post(server.agent + path, data=bombs[coding], headers={"Content-Type": kind, "Content-Encoding": coding}, timeout=60)
    if "telemetry" in path:
        assert answer.status_code < 500
    else:
        refused(answer)


def connect(server: Server) -> socket.socket:
    address = urlparse(server.agent)
    return socket.create_connection((address.hostname, address.port), timeout=SLOW_SECONDS_MAX)


def test_a_body_announced_as_too_large_is_refused_before_it_is_sent(server: Server) -> None:
    before = server.outcomes().get("too_large", 0)
    with connect(server) as client:
        client.sendall(
            b"POST /v0.4/traces HTTP/1.1\r\nHost: agent\r\nContent-Type: application/msgpack\r\nContent-Length: 4294967296\r\n\r\n"
        )
        assert b" 413 " in client.recv(4096).split(b"\r\n")[0]
    assert server.outcomes().get("too_large", 0) > before


def test_a_chunked_body_without_end_is_cut(server: Server) -> None:
    chunk = b"100000\r\n" + b"a" * 0x100000 + b"\r\n"
    with connect(server) as client:
        client.sendall(
            b"POST /debugger/v2/input HTTP/1.1\r\nHost: agent\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        sent = 0
        try:
            while sent < 512:
                client.sendall(chunk)
                sent += 1
        except OSError:
            pass
        assert sent < 512, "the server read half a gibibyte"


def test_a_slow_sender_is_cut(server: Server) -> None:
    with connect(server) as client:
        client.sendall(
            b"POST /v0.4/traces HTTP/1.1\r\nHost: agent\r\nContent-Type: application/msgpack\r\nContent-Length: 1000\r\n\r\n\x91"
        )
        started = time.monotonic()
        answer = client.recv(4096)
        assert not answer or answer.split(b" ")[1].startswith(b"4"), answer[:200]
        assert time.monotonic() - started < SLOW_SECONDS_MAX


def test_half_a_request_line_is_cut(server: Server) -> None:
    with connect(server) as client:
        client.sendall(b"POST /v0.4/tra")
        assert client.recv(4096).split(b"\r\n")[0] in (b"", b"HTTP/1.1 408 Request Timeout", b"HTTP/1.1 400 Bad Request")
