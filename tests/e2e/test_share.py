"""An event taken along: as a command of curl, as Markdown, as a file that shows itself."""

from __future__ import annotations

import json
import re
import subprocess
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import requests

from payloads import captured_span, error_span, post_snapshots, post_traces, snapshot, traces_body
from server import Server

HOSTILE = "```\n# Done [x](javascript:alert(1))\x1b[2J\u202e</script><img src=x>"


class Echo(BaseHTTPRequestHandler):
    """Keeps what it was asked."""

    seen: list[tuple[str, str, dict[str, str]]] = []

    def do_PUT(self) -> None:
        self.seen.append((self.command, self.path, dict(self.headers)))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def echo() -> Any:
    server = HTTPServer(("127.0.0.1", 0), Echo)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="module")
def event(server: Server, echo: str) -> dict[str, Any]:
    span = captured_span("share", f"no\n{HOSTILE}", "share-1")
    span["meta"] |= {
        "http.method": "PUT", "http.url": f"{echo}/orders/'7'?q=$(id)&password=hunter2 x", "http.useragent": "it's `me`",
        "http.request.headers.x-note": "a'; touch pwned; '", "http.request.headers.authorization": "Bearer abcdefghijkl",
        "http.request.headers.x-broken": "a\r\nx-evil: 1", "http.request.headers.@/etc/passwd": "1",
    }  # fmt: skip
    assert post_traces(server.agent, traces_body(span)).ok
    values = {
        "amount": {"type": "int", "value": "12"}, "note": {"type": "str", "value": repr(HOSTILE)},
        "password": {"type": "str", "value": "'hunter2'"}, "owner": {"type": "str", "value": "'Ada Lovelace'"},
    }  # fmt: skip
    assert post_snapshots(server.agent, json.dumps([snapshot("share", "share-1", **values)])).ok
    return server.wait_for_events("service:share", 1)[0]


def test_the_command_sends_the_request_again_and_nothing_else(server: Server, event: dict[str, Any], tmp_path: Path) -> None:
    done = server.command("share", event["id"], "--as", "curl", "--server", server.ui)
    assert "authorization: REDACTED" in done.stdout and "hunter2" not in done.stdout and "abcdefghijkl" not in done.stdout
    assert "fill in what stands for REDACTED" in done.stderr and "body of the request was not captured" in done.stderr
    Echo.seen.clear()
    ran = subprocess.run(["sh", "-eu", "-c", done.stdout], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=30)
    assert ran.returncode == 0, ran.stderr
    [(method, path, headers)] = Echo.seen
    assert method == "PUT" and path.startswith("/orders/%277%27?q=$(id)&password=REDACTED")
    assert headers["x-note"] == "a'; touch pwned; '" and headers["user-agent"] == "it's `me`"
    assert "x-evil" not in headers and not list(tmp_path.iterdir())


def test_an_event_without_a_request_has_no_command(server: Server) -> None:
    assert post_traces(server.agent, traces_body(error_span("share-bare", "no request"))).ok
    bare = server.wait_for_events("service:share-bare", 1)[0]
    answer = requests.get(f"{server.ui}/api/v1/events/{bare['id']}/curl", timeout=10)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "no_request")
    assert "no request was captured" in server.command("share", bare["id"], "--as", "curl", "--server", server.ui, code=1).stderr


def test_markdown_has_the_stack_and_the_values_in_code(server: Server, event: dict[str, Any]) -> None:
    text = server.command("share", event["id"], "--server", server.ui).stdout
    assert text.startswith("## `ValueError in settle`\n") and "amount = 12" in text and "password = ‹redacted›" in text
    assert "billing.py:41 in settle" in text and "\x1b" not in text and "\u202e" not in text
    # Outside of its blocks there is nothing captured.
    outside = re.sub(r"^(`{3,})text\n.*?\n\1$", "", text, flags=re.DOTALL | re.MULTILINE)
    assert "javascript" not in outside and "<img" not in outside and "\n# Done" not in text
    assert server.get(f"/events/{event['id']}/markdown")["text"] == text


def test_a_bundle_is_one_file_without_texts(server: Server, event: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "crash.html"
    done = server.command("share", event["issue_id"], "--as", "bundle", "--output", str(file), "--server", server.ui)
    assert "Texts are redacted" in done.stderr and not done.stdout
    text = file.read_text()
    for secret in ("Ada Lovelace", "hunter2", "javascript:", "onerror", "127.0.0.1", "<img"):
        assert secret not in text, secret
    assert re.search(r"Content-Security-Policy\" content=\"default-src 'none'; script-src 'nonce-[0-9a-f]{32}'; style-src 'nonce-", text)
    assert not re.search(r"(?:src|href)=|url\(|@import|https?://", text), "it would load something"
    data = json.loads(re.search(r"<script type=\"application/json\" id=\"data\">(.*?)</script>", text, re.DOTALL)[1])
    assert data["event"]["id"] == event["id"] and "amount" in json.dumps(data["event"]["exceptions"])
    assert "def test_" in data["test"]["Ok"]["text"]
    # What is there already is not overwritten.
    server.command("share", event["id"], "--as", "bundle", "--output", str(file), "--server", server.ui, code=1)
    numbers = {re.search("nonce-([0-9a-f]{32})", server.get(f"/events/{event['id']}/bundle")["text"])[1] for _ in range(2)}
    assert len(numbers) == 2


def test_a_bundle_does_not_say_who_was_hit_and_by_what_it_was_grouped(server: Server) -> None:
    span = captured_span("share-who", "no card for Ada Lovelace", "share-2")
    span["resource"] = "GET /users/ada-lovelace/orders/77"
    span["meta"] |= {"usr.id": "ada-lovelace-id", "error.fingerprint": "customer Ada Lovelace", "http.url": "http://shop/ada-lovelace"}
    assert post_traces(server.agent, traces_body(span)).ok
    at_fault = snapshot("share-who", "share-2", owner={"type": "str", "value": "'Ada Lovelace'"})
    at_fault["logger"]["thread_name"] = "for-ada-lovelace"
    assert post_snapshots(server.agent, json.dumps([at_fault])).ok
    bare = error_span("share-who", "no card for Ada Lovelace either")
    del bare["meta"]["error.stack"]
    assert post_traces(server.agent, traces_body(bare)).ok
    for event in server.wait_for_events("service:share-who", 2):
        known = json.dumps(server.get(f"/events/{event['id']}")).lower()
        assert "ada" in known
        text = server.get(f"/events/{event['id']}/bundle")["text"].lower()
        assert "ada lovelace" not in text and "ada-lovelace" not in text


def test_whoever_may_not_see_values_shares_none(server: Server, event: dict[str, Any]) -> None:
    key = json.loads(server.command("key", "add", "no-values", "--json", "--server", server.ui).stdout)["key"]
    for form in ("markdown", "bundle"):
        shared = json.loads(server.command("share", event["id"], "--as", form, "--json", "--server", server.ui, REENACT_KEY=key).stdout)
        assert "amount" not in shared["text"].replace("return amount", "") and "may not see captured values" in shared["missing"][0]
    log = server.get("/audit", action="values.viewed", subject=event["id"])["entries"]
    assert {"shared as Markdown", "shared as a file"} <= {entry["detail"] for entry in log}
    assert "key no-values" not in {entry["actor"] for entry in log}
