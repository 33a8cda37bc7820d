"""The query language, asked of a running server: what finds which errors, and what is said of mistakes."""

from __future__ import annotations

import json

import pytest
import requests

from payloads import captured_span, error_span, post_snapshots, post_traces, snapshot, traces_body
from server import Server


@pytest.fixture(scope="module")
def asked(server: Server) -> Server:
    spans = []
    for name, status, version, amount in [("one", "200", "1.2.0", 5.0), ("two", "404", "1.10.0", 50.5), ("three", "503", "2.0.0-rc.1", 500.0)]:
        span = error_span(f"query-{name}", f"failure {name}")
        span["meta"] |= {"http.status_code": status, "version": version, "env": "prod" if name == "one" else "dev", "team": f"team {name}"}
        span["metrics"]["order.amount"] = amount
        spans.append(span)
    assert post_traces(server.agent, traces_body(*spans)).ok
    server.wait_for_events("service:query-*", 3)
    return server


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("service:(query-one OR query-two)", "one two"),
        ("-service:(query-one OR query-two)", "three"),
        ("service:*two", "two"),
        ("service:q*o*", "one two"),
        ("@http.status_code:>=404", "two three"),
        ("@http.status_code:(<300 OR >500)", "one three"),
        ("@http.status_code:[400 TO 499]", "two"),
        ("@order.amount:>50", "two three"),
        ("@order.amount:<=50.5", "one two"),
        ("@team:*", "one two three"),
        ('@team:("team one" OR "team two")', "one two"),
        ("version:>1.9", "two three"),
        ("version:>1.10.0 version:<2.0.0", "three"),
        ("frame.function:settle", "one two three"),
        ("frame.file:*query-one/*", "one"),
        ("-frame.function:settle", ""),
        ("age:<1h", "one two three"),
        ("age:>1h", ""),
        ("is:for_review env:prod", "one"),
        ("failure -three", "one two"),
    ],
)
def test_queries_find_what_they_say(asked: Server, query: str, found: str) -> None:
    services = {issue["service"] for issue in asked.issues(f"{query} service:query-*")}
    assert services == {f"query-{name}" for name in found.split()}


def of_type(name: str, **value: object) -> dict[str, object]:
    return {"type": name, **value}


@pytest.fixture(scope="module")
def captured(server: Server) -> Server:
    """Three events whose order differs in its currency and its lines."""
    currencies = {"none": of_type("NoneType", isNull=True), "eur": of_type("str", value="'EUR'"), "sek": of_type("str", value="'SEK'")}
    for number, (name, currency) in enumerate(currencies.items()):
        line = of_type("dict", entries=[[of_type("str", value="'sku'"), of_type("str", value=f"'A-{number}'")], [of_type("str", value="'api_key'"), of_type("str", value="'s3cr3t-0'")]], size=2)
        order = of_type("Order", fields={"currency": currency, "total": of_type("int", value=str(100 * number)), "lines": of_type("list", elements=[line], size=1)})
        # Values before the event of one, after the event of the others.
        span, values = captured_span(f"captured-{name}", "no rate", f"captured-{name}"), json.dumps([snapshot(f"captured-{name}", f"captured-{name}", order=order)])
        if number == 0:
            assert post_snapshots(server.agent, values).ok
        assert post_traces(server.agent, traces_body(span)).ok
        if number > 0:
            assert server.issues(f"service:captured-{name}") and server.issues(f"var.order:* service:captured-{name}") == []
            assert post_snapshots(server.agent, values).ok
    server.wait_for_events("service:captured-* has:values", 3)
    return server


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("var.order.currency:null", "none"),
        ("-var.order.currency:null", "eur sek"),
        ("var.order.currency:(EUR OR SEK)", "eur sek"),
        ("var.order.currency:*E*", "eur sek"),
        ("var.order.total:>=100", "eur sek"),
        ("var.order.total:[50 TO 150]", "eur"),
        ("var.order.lines.0.sku:A-0", "none"),
        ("var.order.lines.*.sku:A-2", "sek"),
        ("var.**:A-1", "eur"),
        ("var.order.lines.0.api_key:*", "none eur sek"),
        ("var.**:s3cr3t*", ""),
        ("var.order.lines.1:*", ""),
        ("var.order:EUR", ""),
        ("var.order.currency:EUR frame.function:settle failure", ""),
        ("var.order.currency:EUR frame.function:settle rate", "eur"),
    ],
)
def test_captured_values_are_found(captured: Server, query: str, found: str) -> None:
    services = {issue["service"] for issue in captured.issues(f"{query} service:captured-*")}
    assert services == {f"captured-{name}" for name in found.split()}


def test_searches_of_values_are_in_the_audit_log(captured: Server) -> None:
    query = "var.order.currency:EUR service:captured-audit"
    for path in ("issues", "histogram", "facets"):
        captured.get(f"/{path}", query=query)
    noted = [entry["detail"] for entry in captured.get("/audit")["entries"] if entry["action"] == "values.searched"]
    assert noted.count(query) == 1


def test_without_the_permission_values_are_not_searched(own_server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    own_server.stop()
    monkeypatch.setenv("REENACT_ACCESS_LOCAL_ADMIN", "settings,triage,unmask")
    own_server.start()
    for path in ("issues", "histogram", "facets", "facets/service/values"):
        answer = requests.get(f"{own_server.ui}/api/v1/{path}", params={"query": "var.x:1"}, timeout=10)
        assert answer.status_code == 403, path
    assert requests.get(f"{own_server.ui}/api/v1/issues", params={"query": "x"}, timeout=10).ok


@pytest.mark.parametrize(
    ("query", "part"),
    [
        ("env:(prod dev)", "`OR` between"),
        ("env:(prod", "not closed"),
        ("a OR b", "side by side"),
        ("@http.status_code:>many", "a number"),
        ("servce:x", "did you mean `service`"),
        ("var..a:1", "a name is missing at byte 0"),
        ("var.a:<b", "a number"),
        ("age:2d", "`age:` is compared"),
        ("is:done", "`resolved`"),
        ("@a:[1 TO", "[10 TO 20]"),
    ],
)
def test_mistakes_are_explained(asked: Server, query: str, part: str) -> None:
    answer = requests.get(f"{asked.ui}/api/v1/issues", params={"query": query}, timeout=10)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["code"] == "query_invalid" and part in error["message"], error
    # The place that the words say is there as a number too.
    assert (error["field"], f"(at character {error['at'] + 1})") == ("query", error["message"][error["message"].rindex("(") :]), error
