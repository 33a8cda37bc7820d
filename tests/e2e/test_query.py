"""The query language, asked of a running server: what finds which errors, and what is said of mistakes."""

from __future__ import annotations

import pytest
import requests

from payloads import error_span, post_traces, traces_body
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


@pytest.mark.parametrize(
    ("query", "part"),
    [
        ("env:(prod dev)", "`OR` between"),
        ("env:(prod", "not closed"),
        ("a OR b", "side by side"),
        ("@http.status_code:>many", "a number"),
        ("servce:x", "did you mean `service`"),
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
