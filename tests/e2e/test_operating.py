"""What an operator's surroundings do to a server: closed outputs, foreign names, clients that stop sending."""

from __future__ import annotations

import gzip
import json
import socket
import subprocess
import time
from pathlib import Path
from urllib.parse import urlparse

import pytest
import requests

from payloads import captured_span, error_span, post_snapshots, post_traces, snapshot, traces_body
from polling import wait_until
from server import Server, binary


def test_a_server_whose_outputs_are_closed_answers_and_stops(tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    command = [str(binary()), "serve", "--data-dir", str(tmp_path / "data"), "--agent-listen", "127.0.0.1:0",
               "--listen", "127.0.0.1:0", "--ready-file", str(ready)]  # fmt: skip
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        process.stdout.close()
        process.stderr.close()
        wait_until("the server writes its ready file", ready.exists, 30)
        agent = json.loads(ready.read_text())["agent"]
        for _ in range(3):
            answer = requests.post(f"{agent}/v0.4/traces", data=b"\xc1", headers={"Content-Type": "application/msgpack"}, timeout=10)
            assert answer.status_code == 400
        process.terminate()
        assert process.wait(20) == 0
    finally:
        process.kill()


def test_millions_of_spans_in_a_small_body_take_no_time(server: Server) -> None:
    body = gzip.compress(b"\x91\xdd\x01\xdf\x00\x00" + b"\x80" * 0x1DF0000)
    began = time.monotonic()
    headers = {"Content-Type": "application/msgpack", "Content-Encoding": "gzip"}
    answer = requests.post(f"{server.agent}/v0.4/traces", data=body, headers=headers, timeout=60)
    assert answer.status_code == 200 and time.monotonic() - began < 10
    assert server.outcomes()["too_large"] == 0x1DF0000 - 200_000


def test_pages_are_not_given_under_a_foreign_name(server: Server) -> None:
    for host, status in [("evil.example", 421), ("evil.example:9126", 421), ("localhost:1", 200), ("127.0.0.1", 200)]:
        answer = requests.get(f"{server.ui}/api/v1/status", headers={"Host": host}, timeout=10)
        assert answer.status_code == status, host
    assert requests.get(f"{server.ui}/", headers={"Host": "evil.example"}, timeout=10).json()["error"]["code"] == "host_unknown"
    assert requests.get(f"{server.agent}/info", headers={"Host": "agent.example"}, timeout=10).ok


def test_a_client_that_stops_sending_still_gets_its_answer(server: Server) -> None:
    body = traces_body(error_span("half-closed", "sent and shut"))
    head = b"POST /v0.4/traces HTTP/1.1\r\nHost: agent\r\nContent-Type: application/msgpack\r\nContent-Length: %d\r\n\r\n" % len(body)
    address = urlparse(server.agent)
    for sent, answered in [(head + body, True), (b"", False), (head[:30], False)]:
        with socket.create_connection((address.hostname, address.port), timeout=15) as client:
            client.sendall(sent)
            client.shutdown(socket.SHUT_WR)
            received = b""
            while part := client.recv(65536):
                received += part
            assert (b" 200 " in received) == answered
    server.wait_for_events("service:half-closed", 1)


@pytest.mark.parametrize("path", ["/api/v1/issues/0123456789abcdef/events", "/health/other", "/api/v2/issues"])
def test_what_is_not_there_is_404_and_json(server: Server, path: str) -> None:
    answer = requests.get(server.ui + path, timeout=10)
    assert answer.status_code == 404 and answer.json()["error"]["code"] == "not_found"


@pytest.mark.parametrize("path", ["/health", "/livez", "/health/live", "/ready", "/health/ready"])
def test_health_has_the_usual_names(server: Server, path: str) -> None:
    answer = requests.get(server.ui + path, timeout=10)
    assert answer.ok and answer.text in ("ok\n", "ready\n")


def test_a_wrong_method_is_told_the_right_one(server: Server) -> None:
    for address, allow in [(f"{server.ui}/api/v1/issues", "GET"), (f"{server.ui}/healthz", "GET"), (f"{server.agent}/info", "GET")]:
        answer = requests.post(address, timeout=10)
        assert answer.status_code == 405 and allow in answer.headers["Allow"], address
        assert answer.json()["error"]["code"] == "method_not_allowed"
    assert "POST" in requests.get(f"{server.agent}/v0.4/traces", timeout=10).headers["Allow"]


def test_bytes_behind_the_traces_are_counted(own_server: Server) -> None:
    assert post_traces(own_server.agent, traces_body(error_span("behind", "kept")) + b"\xff\xff").ok
    own_server.wait_for_events("service:behind", 1)
    assert own_server.outcomes()["malformed"] == 1


@pytest.mark.parametrize(("query", "words"), [
    ("limit=abc", "`limit` is a number from 1 to 200"), ("limit=1&limit=2", "`limit` is given more than once"),
])  # fmt: skip
def test_a_parameter_that_cannot_be_read_is_named(server: Server, query: str, words: str) -> None:
    answer = requests.get(f"{server.ui}/api/v1/issues?{query}", timeout=10)
    assert answer.status_code == 400
    assert (answer.json()["error"]["code"], answer.json()["error"]["message"]) == ("parameter_invalid", words)


@pytest.mark.parametrize("arguments", [("issues", "--limit", "0"), ("issues", "--server", "nonsense")])
def test_what_cannot_be_meant_is_a_wrong_use(server: Server, arguments: tuple[str, ...]) -> None:
    assert arguments[-1] in server.command(*arguments, code=2).stderr


def test_the_agents_address_has_its_own_example(server: Server) -> None:
    assert "127.0.0.1:8126" in server.command("serve", "--agent-listen", "localhost:0", code=2).stderr


def test_a_day_that_begins_with_values_warns_of_nothing(own_server: Server) -> None:
    values = snapshot("early", "early", number={"type": "int", "value": "1"})
    assert post_snapshots(own_server.agent, json.dumps([values])).ok
    wait_until("the snapshot is stored", lambda: own_server.get("/status")["snapshots_total"] == 1)
    time.sleep(1.5)  # longer than the time between two rounds of indexing
    assert post_traces(own_server.agent, traces_body(captured_span("early", "after its values", "early"))).ok
    own_server.wait_for_events("service:early", 1)
    wait_until("the event is indexed", lambda: own_server.get("/status")["events_unindexed"] == 0)
    assert "WARN" not in own_server.stderr()
