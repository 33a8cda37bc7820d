"""A secret never reaches a disk, a log or an answer, whichever client sent it."""

from __future__ import annotations

import json
import secrets as randomness
import time
from pathlib import Path

import pytest

from clients import Client
from leaks import check_no_leak
from payloads import captured_span, error_span, post_snapshots, post_traces, snapshot, traces_body
from server import Server

PACE_SECONDS = 2.1
CASES = ("plain_names", "containers", "texts", "message", "message_of_a_cause", "exception_arguments")
NAMES = (
    "attribute", "camel_attribute", "attribute_mapping", "password", "user_password", "camel", "passwd", "access_token",
    "header_pair", "cookie_pair", "bytes_pair", "bearer", "nested", "json_text", "query_text", "dsn", "header_text",
    "message", "cause_message", "outer_message", "exception_argument", "sent_query", "sent_bearer", "sent_key", "sent_cookie",
)  # fmt: skip


def invent() -> dict[str, str]:
    return {name: f"leak{randomness.token_hex(9)}" for name in NAMES}


def test_what_applications_hold_does_not_leak(client: Client, own_server: Server, start_app) -> None:
    secrets = invent()
    app = start_app(client, "secrets_app.py", "vault", own_server.agent, SECRETS=json.dumps(secrets))
    headers = {
        "Authorization": f"Bearer {secrets['sent_bearer']}",
        "X-Api-Key": secrets["sent_key"],
        "Cookie": f"session={secrets['sent_cookie']}",
    }
    for case in CASES:
        assert app.request(f"/fail/{case}?token={secrets['sent_query']}", headers=headers).status_code == 500
        time.sleep(PACE_SECONDS)
    own_server.wait_for_events("service:vault", len(CASES))
    app.stop()
    own_server.wait_for_events("service:vault", len(CASES))
    check_no_leak(own_server, secrets, visible="visible failure of an application")


@pytest.mark.parametrize("depth", [1, 3, 8])
def test_a_secret_below_many_levels_does_not_leak(own_server: Server, depth: int) -> None:
    secrets = {
        "deep": f"leak{randomness.token_hex(9)}",
        "tag": f"leak{randomness.token_hex(9)}",
        "orphan": f"leak{randomness.token_hex(9)}",
    }
    key = {"type": "str", "value": "'apiKey'"}
    value = {"type": "dict", "size": 1, "entries": [[key, {"type": "str", "value": repr(secrets["deep"])}]]}
    for _ in range(depth):
        value = {"type": "list", "size": 1, "elements": [value]}
    span = captured_span("vault", "visible failure below", "snap-1")
    span["meta"]["http.url"] = f"http://shop.example/?password={secrets['tag']}"
    # A snapshot whose trace never comes lies somewhere until it is given up.
    snapshots = [
        snapshot("vault", "snap-1", held=value),
        snapshot("vault", "snap-2", token={"type": "str", "value": repr(secrets["orphan"])}),
    ]
    assert post_snapshots(own_server.agent, json.dumps(snapshots)).ok
    assert post_traces(own_server.agent, traces_body(span)).ok
    (event,) = own_server.wait_for_events("service:vault", 1)
    assert event["values"]["state"] == "captured", "the snapshot is not attached: the search would prove nothing"
    check_no_leak(own_server, secrets, visible="visible failure below")


def test_a_refused_body_leaves_no_trace(own_server: Server) -> None:
    secrets = {"refused": f"leak{randomness.token_hex(9)}"}
    broken = json.dumps([snapshot("vault", "snap-1", password={"type": "str", "value": secrets["refused"]})])[:-20]
    assert 400 <= post_snapshots(own_server.agent, broken).status_code < 500
    assert 400 <= post_traces(own_server.agent, traces_body(error_span("vault", secrets["refused"]))[:-20]).status_code < 500
    assert post_traces(own_server.agent, traces_body(error_span("vault", "visible failure"))).ok
    own_server.wait_for_events("service:vault", 1)
    check_no_leak(own_server, secrets, visible="visible failure")


def test_the_search_finds_what_is_there(own_server: Server, tmp_path: Path) -> None:
    """The search itself: a text that is not secret is found in the dump and in the answers."""
    assert post_traces(own_server.agent, traces_body(error_span("vault", "plain words to be found"))).ok
    own_server.wait_for_events("service:vault", 1)
    with pytest.raises(AssertionError, match="1 secrets leaked"):
        check_no_leak(own_server, {"words": "plain words"}, visible="plain words")
