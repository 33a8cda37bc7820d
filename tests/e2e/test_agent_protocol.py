"""The parts of the agent protocol that clients rely on before they send anything."""

from __future__ import annotations

import msgpack
import pytest
import requests

from clients import Client
from comparison import check_chain, check_values
from payloads import error_span, post_traces, traces_body
from server import Server


def test_info_lists_what_clients_look_for(server: Server) -> None:
    answer = requests.get(f"{server.agent}/info", timeout=10)
    info = answer.json()
    endpoints = {endpoint.strip("/") for endpoint in info["endpoints"]}
    assert answer.headers["Content-Type"].startswith("application/json")
    assert {"v0.3/traces", "v0.4/traces", "v0.5/traces", "debugger/v2/input", "debugger/v1/input", "debugger/v1/diagnostics"} <= endpoints
    assert info["client_drop_p0s"] is False, "clients would drop traces before they are looked at"
    assert "Datadog-Agent-State" not in answer.headers


@pytest.mark.parametrize("path", ["/", "/v0.9/traces", "/nothing/here", "/api/v1/issues"])
def test_unknown_paths_are_not_found(server: Server, path: str) -> None:
    assert requests.get(server.agent + path, timeout=10).status_code == 404
    assert requests.post(server.agent + path, data=b"{}", timeout=10).status_code == 404


def test_head_is_answered(server: Server) -> None:
    answer = requests.head(f"{server.agent}/info", timeout=10)
    assert answer.status_code in (200, 404, 405) and not answer.content


@pytest.mark.parametrize("version", ["v0.3", "v0.4"])
@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_traces_are_answered_with_rates(server: Server, version: str, method: str) -> None:
    body = traces_body(error_span("rates", f"{method} {version}"))
    answer = requests.request(
        method, f"{server.agent}/{version}/traces", data=body, headers={"Content-Type": "application/msgpack"}, timeout=10
    )
    assert answer.status_code == 200
    assert answer.json()["rate_by_service"]["service:,env:"] == 1.0
    assert "Datadog-Agent-State" not in answer.headers


def test_an_empty_body_of_v05_is_fine(server: Server) -> None:
    body = msgpack.packb([[""], []])
    assert (
        requests.post(f"{server.agent}/v0.5/traces", data=body, headers={"Content-Type": "application/msgpack"}, timeout=10).status_code
        == 200
    )


SIDE_CHANNELS = {
    "/v0.7/config": {"json": {"client": {"is_tracer": True}}},
    "/telemetry/proxy/api/v2/apmtelemetry": {"json": {"request_type": "app-started"}},
    "/v0.6/stats": {"data": msgpack.packb({"Stats": []}), "headers": {"Content-Type": "application/msgpack"}},
    "/symdb/v1/input": {"files": {"event": ("event.json", b'{"type": "symdb"}', "application/json")}},
}


@pytest.mark.parametrize("path", SIDE_CHANNELS)
def test_side_channels_are_accepted(server: Server, path: str) -> None:
    answer = requests.post(server.agent + path, timeout=10, **SIDE_CHANNELS[path])
    assert answer.status_code in (200, 202), answer.text
    if path == "/v0.7/config":
        assert answer.json() == {}, "anything else would change the client's settings"


def test_a_client_may_use_the_unix_socket(own_server: Server, current_client: Client, start_app) -> None:
    address = f"unix://{own_server.socket_path}"
    app = start_app(current_client, "script_app.py", "by-socket", address, "explicit_cause")
    app.wait_for("done")
    events = own_server.wait_for_events("service:by-socket", len(app.truths()))
    (event,) = [event for event in events if event["resource"] == "explicit_cause"]
    check_chain(event, app.truths()[0], current_client.faults)
    check_values(event, app.truths()[0], current_client)


def test_without_replay_events_say_that_it_is_off(server: Server, current_client: Client, start_app) -> None:
    app = start_app(current_client, "script_app.py", "no-replay", server.agent, "wrong_type",
                    DD_EXCEPTION_REPLAY_ENABLED="false", DD_EXCEPTION_DEBUGGING_ENABLED="false")  # fmt: skip
    app.wait_for("done")
    for event in server.wait_for_events("service:no-replay", len(app.truths())):
        assert event["values"]["state"] == "off" and event["values"]["reason"]


def test_the_same_request_twice_is_one_event(server: Server) -> None:
    body = traces_body(error_span("sent-twice", "the answer was lost"))
    before = server.outcomes()
    assert post_traces(server.agent, body).ok
    server.wait_for_events("service:sent-twice", 1)
    assert post_traces(server.agent, body).ok
    assert len(server.wait_for_events("service:sent-twice", 1)) == 1
    after = server.outcomes()
    assert after.get("stored", 0) - before.get("stored", 0) == 1
    assert after.get("duplicate", 0) - before.get("duplicate", 0) == 1


def test_pages_of_a_relative_range_can_be_turned(server: Server) -> None:
    spans = [error_span("pages", f"page {number}") for number in range(5)]
    assert post_traces(server.agent, traces_body(*spans)).ok
    issue_id = server.wait_for_events("service:pages", 5)[0]["issue_id"]
    found, cursor = [], {}
    for _ in range(3):
        page = server.get(f"/issues/{issue_id}/events", limit=2, **{"from": "now-1h", "to": "now"}, **cursor)
        found += [event["id"] for event in page["events"]]
        cursor = {"cursor": page["next_cursor"]}
    assert len(set(found)) == 5
    assert cursor == {"cursor": None}
