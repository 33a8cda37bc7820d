"""Captured values at work: what sets the events of an issue apart, and pinned variables as columns of its events."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import requests

from clients import Client
from payloads import captured_span, error_span, post_snapshots, post_traces, snapshot, traces_body
from server import Server, binary

HOUR_NS = 3_600_000_000_000
ALL_TIME = {"from": "1970-01-02T00:00:00Z"}


def call(server: Server, method: str, address: str, body: Any = None, status: int = 200, **parameters: Any) -> Any:
    answer = requests.request(method, f"{server.ui}/api/v1{address}", json=body, params=parameters, timeout=30)
    assert answer.status_code == status, f"{method} {address}: {answer.status_code} {answer.text[:500]}"
    return answer.json() if answer.content else None


def reenact(server: Server, *arguments: str) -> str:
    command = [str(binary()), *arguments, "--server", server.ui]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def text(value: str) -> dict[str, Any]:
    return {"type": "str", "value": f"'{value}'"}


def number(value: int) -> dict[str, Any]:
    return {"type": "int", "value": str(value)}


def mapping(**entries: dict[str, Any]) -> dict[str, Any]:
    return {"type": "dict", "entries": [[text(key), value] for key, value in entries.items()], "size": len(entries)}


def send(server: Server, service: str, error: str, events: list[dict[str, Any]], ago_ns: int = 0) -> str:
    """Events of one issue, each with these arguments; the issue's id."""
    spans, snapshots = [], []
    for index, arguments in enumerate(events):
        name = f"{service}-{error}-{ago_ns}-{index}"
        span = captured_span(service, f"{error} happened", name)
        span["start"] -= ago_ns + index * 1_000_000
        span["meta"]["error.type"] = f"builtins.{error}"
        span["meta"]["error.stack"] = span["meta"]["error.stack"].replace("ValueError", error)
        spans.append(span)
        snapshots.append(snapshot(service, name, **arguments))
    assert post_snapshots(server.agent, json.dumps(snapshots)).ok
    assert post_traces(server.agent, traces_body(*spans)).ok
    [issue] = server.get("/issues", query=f"service:{service} error.type:{error}", **ALL_TIME)["issues"]
    return issue["id"]


def orders(currencies: list[str], count: int) -> list[dict[str, Any]]:
    """Arguments of `settle`: an order of one of the currencies, and what has nothing to do with it."""
    order = [mapping(currency=text(currencies[index % len(currencies)]), total=number(index % 5)) for index in range(count)]
    return [{"order": order[index], "order_id": number(1_000 + index), "retries": number(index % 3)} for index in range(count)]


def said(predicate: dict[str, Any]) -> str:
    value = predicate["value"]["value"] if predicate["value"] else predicate["type"] or predicate["number"] or ""
    return f"{predicate['path']} {predicate['condition']} {value}".strip()


def test_a_value_of_a_real_client_that_sets_an_issue_apart_is_found(server: Server, start_app: callable, current_client: Client) -> None:
    apps = [start_app(current_client, "payments_app.py", f"payments-{number}", server.agent, str(number), DD_SERVICE="payments") for number in range(6)]
    for app in apps:
        app.wait_for("done", 120)
    server.wait_for_events("service:payments", 12)
    [issue] = server.issues("service:payments error.type:*KeyError")
    found = server.get(f"/issues/{issue['id']}/correlations")
    assert (found["events"], found["baseline_events"], found["too_few"]) == (6, 6, False)
    first = found["findings"][0]
    assert said(first["predicate"]) == "order.currency is 'XTS'" and first["predicate"]["function"] == "charge"
    assert (first["of_issue"], first["of_baseline"]) == ({"count": 6, "total": 6}, {"count": 0, "total": 6})
    assert first["stands_out"] is True
    # What was found can be searched for, and both events be compared.
    assert first["predicate"]["query"] == 'var.order.currency:"XTS"'
    assert [one["id"] for one in server.issues(f"service:payments {first['predicate']['query']}")] == [issue["id"]]
    compared = server.get(f"/events/{first['events'][0]}/compare", **{"with": first["counterexample"]["id"]})
    assert compared["counts"]["differs"] > 0
    assert "order.currency" in reenact(server, "correlate", issue["id"])


def test_other_issues_or_the_issue_before_are_compared_with(server: Server) -> None:
    issue = send(server, "base", "ValueError", orders(["XTS"], 12))
    send(server, "base", "LookupError", orders(["EUR", "USD"], 12))
    before = send(server, "base", "ValueError", orders(["XTS", "SEK"], 10), ago_ns=2 * HOUR_NS)
    assert before == issue
    others = server.get(f"/issues/{issue}/correlations", **{"from": "now-1h"})
    assert (others["baseline"], others["events"], others["baseline_events"]) == ("others", 12, 12)
    assert [said(finding["predicate"]) for finding in others["findings"]] == ["order.currency is 'XTS'"]
    [finding] = others["findings"]
    assert 0 < finding["difference"]["low"] < finding["difference"]["value"] == 1 == finding["difference"]["high"]
    assert others["volatile"] == 1, "each order has an id of its own"
    history = server.get(f"/issues/{issue}/correlations", baseline="history", **{"from": "now-1h"})
    assert (history["events"], history["baseline_events"]) == (12, 10)
    assert [finding["of_baseline"] for finding in history["findings"]] == [{"count": 5, "total": 10}]
    assert json.loads(reenact(server, "correlate", issue, "--from", "now-1h", "--baseline", "history", "--json")) == history


def test_without_a_baseline_what_is_constant_is_told(server: Server) -> None:
    issue = send(server, "alone", "ValueError", orders(["XTS"], 6))
    found = server.get(f"/issues/{issue}/correlations")
    assert found["baseline_events"] == 0 and found["too_few"] is True
    assert [said(finding["predicate"]) for finding in found["findings"]] == ["order.currency is 'XTS'"]
    assert found["findings"][0]["difference"] is None and found["findings"][0]["stands_out"] is False
    assert "without a baseline" in reenact(server, "correlate", issue)


def test_few_events_make_nothing_certain(server: Server) -> None:
    issue = send(server, "few", "ValueError", orders(["XTS"], 3))
    send(server, "few", "LookupError", orders(["EUR"], 3))
    found = server.get(f"/issues/{issue}/correlations")
    assert found["too_few"] is True and not any(finding["stands_out"] for finding in found["findings"])
    assert "too few" in reenact(server, "correlate", issue)


def test_redacted_values_set_nothing_apart(server: Server) -> None:
    issue = send(server, "secret", "ValueError", [{"password": text("hunter2"), "region": text("north")} for _ in range(8)])
    send(server, "secret", "LookupError", [{"password": text("correct horse"), "region": text("south")} for _ in range(8)])
    found = server.get(f"/issues/{issue}/correlations")
    assert [said(finding["predicate"]) for finding in found["findings"]] == ["region is 'north'"]
    assert "hunter2" not in json.dumps(found)


def test_wrong_questions_are_explained(server: Server) -> None:
    issue = send(server, "wrong", "ValueError", orders(["XTS"], 1))
    for path, parameters, status, code in [
        (f"/issues/{issue}/correlations", {"baseline": "luck"}, 400, "parameter_invalid"),
        (f"/issues/{issue}/correlations", {"query": "servce:x"}, 400, "query_invalid"),
        ("/issues/0123456789abcdef/correlations", {}, 404, "not_found"),
        (f"/issues/{issue}/events", {"values": "a b"}, 400, "parameter_invalid"),
        (f"/issues/{issue}/events", {"values": "a,b,c,d,e,f"}, 400, "parameter_invalid"),
        (f"/issues/{issue}/events", {"pinned": "maybe"}, 400, "parameter_invalid"),
    ]:
        assert call(server, "GET", path, status=status, **parameters)["error"]["code"] == code
    error = call(server, "POST", f"/issues/{issue}/pins", {"path": 'a."b'}, 400)["error"]
    assert error["field"] == "path" and "not closed" in error["message"]
    call(server, "POST", "/issues/0123456789abcdef/pins", {"path": "a"}, 404)


def test_looks_at_values_are_noted_once_a_question(server: Server) -> None:
    issue = send(server, "noted", "ValueError", orders(["XTS"], 6))
    entries = lambda: [entry["detail"] for entry in server.get("/audit", subject=issue, action="values.viewed")["entries"]]  # noqa: E731
    server.get(f"/issues/{issue}/correlations")
    assert entries() == ["correlations of 6 events with 0 others"]
    server.get(f"/issues/{issue}/events")
    assert len(entries()) == 1, "a list without columns shows no values"
    server.get(f"/issues/{issue}/events", values="order.currency,retries")
    assert entries()[0] == "`order.currency`, `retries` of 6 events" and len(entries()) == 2


def test_pinned_variables_are_columns(server: Server) -> None:
    events = [
        {"order": mapping(**{"a.b": text("dotted")}), "password": text("hunter2")},
        {"order": {"type": "Order", "notCapturedReason": "depth"}, "password": text("hunter2")},
        {"order": mapping(currency=text("EUR")), "count": number(3)},
    ]
    issue = send(server, "pinned", "ValueError", events)
    without = error_span("pinned", "no values")
    assert post_traces(server.agent, traces_body(without)).ok
    for path in ["password", 'order."a.b"', "password"]:
        pins = call(server, "POST", f"/issues/{issue}/pins", {"path": path})
    assert [pin["path"] for pin in pins["pins"]] == ["password", 'order."a.b"']
    assert pins["pins"][0]["pinned_by"] == "local admin"
    list_of = server.get(f"/issues/{issue}/events", pinned="true", values="count", order="oldest")
    assert [column["path"] for column in list_of["columns"]] == ["password", 'order."a.b"', "count"]
    rows = {}
    for event in list_of["events"]:
        values = [value["value"] or {} for value in event["values"]]
        rows[event["id"]] = [value["state"] for value in event["values"]], [value.get("value", value.get("not_captured")) for value in values]
    assert sorted(rows.values(), key=str) == sorted(
        [
            (["found", "found", "missing"], ["redacted_identifier", "'dotted'", None]),
            (["found", "around", "missing"], ["redacted_identifier", "depth", None]),
            (["missing", "missing", "found"], [None, None, "3"]),
            (["no_values", "no_values", "no_values"], [None, None, None]),
        ],
        key=str,
    )
    assert "hunter2" not in json.dumps(list_of)
    plain = server.get(f"/issues/{issue}/events")
    assert plain["columns"] == [] and all(event["values"] == [] for event in plain["events"])
    printed = reenact(server, "events", issue, "--pinned")
    assert "'dotted'" in printed and "hunter2" not in printed
    assert "password" in reenact(server, "pin", issue)
    reenact(server, "pin", issue, "password", "--remove")
    assert [pin["path"] for pin in server.get(f"/issues/{issue}/pins")["pins"]] == ['order."a.b"']
    for index in range(4):
        call(server, "POST", f"/issues/{issue}/pins", {"path": f"p{index}", "function": "settle"})
    assert call(server, "POST", f"/issues/{issue}/pins", {"path": "more"}, 409)["error"]["code"] == "limit_reached"
    call(server, "DELETE", f"/issues/{issue}/pins", path="p0")
    assert len(server.get(f"/issues/{issue}/pins")["pins"]) == 5, "the one that is pinned is that of a function"
    left = call(server, "DELETE", f"/issues/{issue}/pins", path="p0", function="settle")
    assert len(left["pins"]) == 4
    actions = [entry["action"] for entry in server.get("/audit", subject=issue)["entries"]]
    assert (actions.count("pin.added"), actions.count("pin.removed")) == (6, 2)


def test_pins_outlive_the_process(own_server: Server) -> None:
    issue = send(own_server, "kept", "ValueError", orders(["XTS"], 1))
    call(own_server, "POST", f"/issues/{issue}/pins", {"path": "order.currency"})
    own_server.stop()
    own_server.start()
    [event] = own_server.get(f"/issues/{issue}/events", pinned="true")["events"]
    [value] = event["values"]
    assert (value["state"], value["function"], value["value"]["value"]) == ("found", "settle", "'XTS'")


def test_values_are_for_those_who_may_see_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REENACT_ACCESS_LOCAL_ADMIN", "settings")
    server = Server(tmp_path).start()
    try:
        issue = send(server, "hidden", "ValueError", orders(["XTS"], 6))
        found = server.get(f"/issues/{issue}/correlations")
        assert found["values_hidden"] is True and found["findings"] == [] and found["total"] == 6
        listed = server.get(f"/issues/{issue}/events", values="order.currency")
        assert listed["values_hidden"] is True and all(event["values"] == [] for event in listed["events"])
        assert "XTS" not in json.dumps([found, listed])
        assert server.get("/audit", action="values.viewed")["entries"] == []
        call(server, "POST", f"/issues/{issue}/pins", {"path": "order"}, 403)
        call(server, "DELETE", f"/issues/{issue}/pins", status=403, path="order")
        assert "you may not see captured values" in reenact(server, "correlate", issue)
        assert "you may not see captured values" in reenact(server, "events", issue, "--values", "order")
        server.stop()
    finally:
        if server.process and server.process.poll() is None:
            server.kill()
