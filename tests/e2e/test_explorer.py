"""The explorer behind the pages: comparing two events, deltas and relevance, facets and completion, saved views."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import requests

from payloads import captured_span, error_span, post_snapshots, post_traces, snapshot, traces_body
from server import Server, binary

DAY_NS = 86_400_000_000_000


def call(server: Server, method: str, path: str, body: Any = None, status: int = 200, **parameters: Any) -> Any:
    answer = requests.request(method, f"{server.ui}/api/v1{path}", json=body, params=parameters, timeout=30)
    assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
    return answer.json() if answer.content else None


def send(server: Server, service: str, message: str = "settling failed", ago_ns: int = 0, **tags: str) -> None:
    """One event of the service's one issue; durable when this returns."""
    span = error_span(service, message)
    span["start"] -= ago_ns
    span["meta"] |= tags
    assert post_traces(server.agent, traces_body(span)).ok


def scalar(type_name: str, value: str) -> dict[str, Any]:
    return {"type": type_name, "value": value}


def captured(server: Server, service: str, name: str, message: str, tags: dict[str, str], **values: Any) -> str:
    """The id of an event with values."""
    span = captured_span(service, message, name)
    span["meta"] |= tags
    assert post_snapshots(server.agent, json.dumps([snapshot(service, name, **values)])).ok
    assert post_traces(server.agent, traces_body(span)).ok
    [issue] = server.get("/issues", query=f"service:{service}")["issues"]
    events = server.get(f"/issues/{issue['id']}/events")["events"]
    [event] = [event for event in events if event["message"] == message]
    return event["id"]


def two_events(server: Server, service: str) -> tuple[str, str]:
    left = captured(
        server, service, f"{service}-left", "currency EUR", {"version": "1.0", "region": "north"}, amount=scalar("int", "5"),
        currency=scalar("str", "'EUR'"), order_id=scalar("int", "17"), cart=scalar("Cart", "<Cart at 0x7f3a90c01d30>"),
        tax={"type": "NoneType", "isNull": True},
    )  # fmt: skip
    right = captured(
        server, service, f"{service}-right", "currency None", {"version": "1.1", "region": "north"}, amount=scalar("int", "5"),
        currency={"type": "NoneType", "isNull": True}, order_id=scalar("int", "18"), cart=scalar("Cart", "<Cart at 0x7f3a90c01e40>"),
        coupon=scalar("str", "'WELCOME'"),
    )  # fmt: skip
    return left, right


def reenact(server: Server, *arguments: str) -> str:
    command = [str(binary()), *arguments, "--server", server.ui]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def test_two_events_are_compared_value_by_value(server: Server) -> None:
    left, right = two_events(server, "compared")
    found = server.get(f"/events/{left}/compare", **{"with": right})
    assert (found["left"]["id"], found["right"]["id"], found["values_hidden"]) == (left, right, False)
    facts = {fact["name"]: (fact["outcome"], fact["left"], fact["right"], fact["volatile"]) for fact in found["facts"]}
    assert facts["version"] == ("differs", "1.0", "1.1", None)
    assert facts["tags.region"] == ("same", "north", "north", None)
    assert facts["trace_id"][0] == "differs" and facts["trace_id"][3] == "id" and facts["timestamp"][3] == "time"
    [exception] = found["exceptions"]
    said = {fact["name"]: fact["outcome"] for fact in exception["facts"]}
    assert said == {"type": "same", "message": "differs"}
    [frame] = exception["frames"]
    assert frame["left"] == frame["right"] and frame["left"]["function"] == "settle" and frame["left"]["has_values"]
    paths = {path["path"]: (path["outcome"], path["volatile"]) for path in frame["paths"]}
    assert paths == {
        "amount": ("same", None), "currency": ("differs", None), "order_id": ("differs", "id"), "cart": ("differs", "address"),
        "tax": ("only_left", None), "coupon": ("only_right", None),
    }  # fmt: skip
    values = {path["path"]: (path["left"], path["right"]) for path in frame["paths"]}
    assert values["amount"] == ({"type": "int", "value": "5"}, None)
    assert values["currency"] == ({"type": "str", "value": "'EUR'"}, {"type": "NoneType", "is_null": True})
    assert found["counts"] == {"same": 1, "differs": 3, "only_left": 1, "only_right": 1, "unknown": 0, "volatile": 2}
    assert found["paths_left_out"] == 0


def test_an_event_does_not_differ_from_itself(server: Server) -> None:
    left, _ = two_events(server, "itself")
    found = server.get(f"/events/{left}/compare", **{"with": left})
    assert {fact["outcome"] for fact in found["facts"]} == {"same"}
    assert found["counts"] == {"same": 5, "differs": 0, "only_left": 0, "only_right": 0, "unknown": 0, "volatile": 0}


def test_a_comparison_names_the_event_that_is_not_there(server: Server) -> None:
    left, _ = two_events(server, "missing")
    nobody = "f" * 32
    for path, parameters, status, field in [
        (f"/events/{left}/compare", {}, 400, "with"),
        (f"/events/{left}/compare", {"with": ""}, 400, "with"),
        (f"/events/{left}/compare", {"with": nobody}, 404, "with"),
        (f"/events/{left}/compare", {"with": "x"}, 404, "with"),
        (f"/events/{nobody}/compare", {"with": left}, 404, "id"),
    ]:
        error = call(server, "GET", path, status=status, **parameters)["error"]
        assert error["field"] == field, error
        assert status != 404 or parameters["with"] in error["message"] or nobody in error["message"]
    call(server, "GET", "/events/x/compare", status=404, **{"with": left})


def test_looks_at_compared_values_are_in_the_audit_log(server: Server) -> None:
    left, right = two_events(server, "audited")
    server.get(f"/events/{left}/compare", **{"with": right})
    for event in (left, right):
        [entry] = server.get("/audit", subject=event, action="values.viewed")["entries"]
        assert entry["detail"] == "compared with another event"


def test_values_are_compared_for_those_who_may_see_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REENACT_ACCESS_LOCAL_ADMIN", "settings")
    server = Server(tmp_path).start()
    try:
        left, right = two_events(server, "hidden")
        found = server.get(f"/events/{left}/compare", **{"with": right})
        assert found["values_hidden"] is True and found["counts"]["differs"] == 0
        [exception] = found["exceptions"]
        assert [frame["paths"] for frame in exception["frames"]] == [[]]
        assert "EUR'" not in json.dumps(found)
        assert server.get("/audit", action="values.viewed")["entries"] == []
        assert "you may not see captured values" in reenact(server, "compare", left, right)
        server.stop()
    finally:
        if server.process and server.process.poll() is None:
            server.kill()


def test_the_terminal_shows_what_differs(server: Server) -> None:
    left, right = two_events(server, "terminal")
    shown = reenact(server, "compare", left, right)
    for line in ["- version 1.0", "+ version 1.1", "- currency = 'EUR'", "+ currency = None", "- tax = None", "+ coupon = 'WELCOME'"]:
        assert line in shown, shown
    assert "amount" not in shown and "order_id" not in shown and "trace_id" not in shown
    everything = reenact(server, "compare", left, right, "--all")
    assert "amount = 5" in everything and "- order_id = 17  (id)" in everything
    assert json.loads(reenact(server, "compare", left, right, "--json"))["counts"]["differs"] == 3


def issues_by_service(server: Server, query: str, **parameters: Any) -> dict[str, dict]:
    return {issue["service"]: issue for issue in server.get("/issues", query=query, **parameters)["issues"]}


def test_counts_are_compared_with_the_period_before(own_server: Server) -> None:
    server = own_server
    send(server, "delta-old", ago_ns=5 * DAY_NS)
    for _ in range(3):
        send(server, "delta-less", ago_ns=DAY_NS + DAY_NS // 2, region="north")
    send(server, "delta-less", ago_ns=DAY_NS + DAY_NS // 2, region="south")
    send(server, "delta-less", region="north")
    send(server, "delta-new")
    found = issues_by_service(server, "")
    assert {name: (issue["count"], issue["count_before"]) for name, issue in found.items()} == {"delta-less": (1, 4), "delta-new": (1, 0)}
    filtered = issues_by_service(server, "@region:north")
    assert {name: (issue["count"], issue["count_before"]) for name, issue in filtered.items()} == {"delta-less": (1, 3)}
    # Before the first event nothing is known.
    assert {issue["count_before"] for issue in issues_by_service(server, "", **{"from": "now-1w"}).values()} == {None}
    assert server.get(f"/issues/{found['delta-less']['id']}")["count_before"] == 4


def test_the_most_relevant_issues_come_first(own_server: Server) -> None:
    server = own_server
    hour = DAY_NS // 24
    send(server, "rare-now")
    for _ in range(40):
        send(server, "often", ago_ns=hour)
    send(server, "stale", ago_ns=20 * hour)
    for user in range(8):
        send(server, "users", ago_ns=hour, **{"usr.id": f"user-{user}"})
    order = [issue["service"] for issue in server.get("/issues", sort="relevance")["issues"]]
    assert order == ["users", "often", "rare-now", "stale"]
    # One that came back is worth sixteen times as many events.
    [stale] = [issue["id"] for issue in server.get("/issues", query="service:stale")["issues"]]
    call(server, "PATCH", f"/issues/{stale}", {"state": "resolved"})
    send(server, "stale", version="2.0")
    order = [issue["service"] for issue in server.get("/issues", sort="relevance")["issues"]]
    assert order.index("stale") < order.index("rare-now")
    # Page by page, although time goes on.
    paged, cursor = [], ""
    while True:
        page = server.get("/issues", sort="relevance", limit=1, cursor=cursor)
        paged += [issue["service"] for issue in page["issues"]]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert paged == order
    newest_first = [issue["service"] for issue in server.get("/issues")["issues"]]
    assert newest_first[0] == "stale", "the order unless asked otherwise is that of the newest events"
    assert "`relevance`" in call(server, "GET", "/issues", status=400, sort="importance")["error"]["message"]


def values_of(server: Server, key: str, query: str = "", **parameters: Any) -> dict[str, tuple[int, int]]:
    found = server.get(f"/facets/{key}/values", query=query, **parameters)
    assert found["key"] == key
    return {value["value"]: (value["issues"], value["events"]) for value in found["values"]}


def test_facets_have_handling_host_resource_and_tags(own_server: Server) -> None:
    server = own_server
    send(server, "facets-a", region="north", tier="gold")
    send(server, "facets-a", region="south")
    send(server, "facets-b", region="north")
    found = server.get("/facets", tags=2)
    keys = [facet["key"] for facet in found["facets"]]
    assert keys == ["service", "env", "version", "error.type", "handled", "cause", "host", "resource"]
    values = {facet["key"]: {value["value"]: value["events"] for value in facet["values"]} for facet in found["facets"]}
    assert values["handled"] == {"false": 3} and values["resource"] == {"settle": 3}
    assert len(found["tags"]) == 2
    names = {tag["value"]: (tag["issues"], tag["events"]) for tag in server.get("/facets", tags=100)["tags"]}
    assert names["region"] == (2, 3) and names["tier"] == (1, 1)
    assert server.get("/facets")["tags"] == []
    assert "from 0 to 100" in call(server, "GET", "/facets", status=400, tags=101)["error"]["message"]
    assert "from 0 to 100" in call(server, "GET", "/facets", status=400, tags="x")["error"]["message"]
    assert values_of(server, "@region") == {"north": (2, 2), "south": (1, 1)}
    assert values_of(server, "@region", "service:facets-a", prefix="no") == {"north": (1, 1)}
    assert values_of(server, "@", prefix="ti") == {"tier": (1, 1)}


def test_values_complete_for_every_key(own_server: Server) -> None:
    server = own_server
    send(server, "complete-a", version="1.0", env="prod", **{"usr.id": "ada", "_dd.hostname": "web-1", "region": "north"})
    captured(server, "complete-b", "complete-b", "with values", {"env": "dev"}, amount=scalar("int", "5"))
    issues = {service: issue["id"] for service, issue in issues_by_service(server, "").items()}
    call(server, "PATCH", f"/issues/{issues['complete-b']}", {"assignee": "grace \"g\" h"})
    keys = server.get("/query/keys")["keys"]
    assert all(key["about"] for key in keys) and keys[-1]["key"] == "@"
    for key in keys:
        found = values_of(server, key["key"])
        assert found, key
        assert all(issues and events for issues, events in found.values())
        first = next(iter(found))
        assert first in values_of(server, key["key"], prefix=first)
        assert values_of(server, key["key"], prefix="no value begins so") == {}
        # What completes is a query that is answered with as many issues.
        # Of a tag and of a captured value the key is not whole yet.
        if key["key"] not in ("var.", "@"):
            written = first if key["values"] else json.dumps(first)
            assert server.get("/issues", query=f"{key['key']}:{written}")["total"] == found[first][0], key
    assert values_of(server, "var.") == {"amount": (1, 1)} == values_of(server, "var.", prefix="am")
    assert values_of(server, "var.amount") == {"5": (1, 1)} and values_of(server, "var.amount.currency") == {}
    assert values_of(server, "frame.function") == {"settle": (2, 2)}
    assert values_of(server, "frame.file", prefix="/srv/complete-a") == {"/srv/complete-a/billing.py": (1, 1)}
    assert values_of(server, "is") == {
        "unhandled": (2, 2), "new": (1, 1), "for_review": (1, 1), "unassigned": (1, 1), "reviewed": (1, 1), "assigned": (1, 1)
    }  # fmt: skip
    assert values_of(server, "has") == {"values": (1, 1)}
    assert values_of(server, "assignee") == {'grace "g" h': (1, 1)}
    assert set(values_of(server, "age")) == {"<1h", "<1d", "<2d", "<1w"}
    assert values_of(server, "is", "service:complete-a", prefix="re") == {}
    call(server, "GET", "/facets/nothing/values", status=404)


VIEW = {
    "name": "Checkout in production", "query": "service:checkout env:prod is:unhandled", "range": "1w", "tab": "for_review",
    "sort": "relevance",
}  # fmt: skip


def test_views_are_saved_changed_and_deleted(own_server: Server) -> None:
    server = own_server
    assert server.get("/views") == {"views": []}
    saved = call(server, "POST", "/views", VIEW, status=201)
    assert {name: saved[name] for name in VIEW} == VIEW and (saved["version"], saved["changed_by"]) == (1, "local admin")
    other = call(server, "POST", "/views", {"name": "all errors"}, status=201)
    assert (other["query"], other["range"], other["tab"], other["sort"]) == ("", "", "all", "last_seen")
    assert [view["name"] for view in server.get("/views")["views"]] == ["all errors", VIEW["name"]]
    changed = call(server, "PUT", f"/views/{saved['id']}", VIEW | {"name": "Checkout", "version": 1})
    assert (changed["name"], changed["version"], changed["id"]) == ("Checkout", 2, saved["id"])
    # Somebody else had loaded the first version.
    error = call(server, "PUT", f"/views/{saved['id']}", VIEW | {"version": 1}, status=409)["error"]
    assert error["code"] == "conflict" and "load it again" in error["message"]
    call(server, "DELETE", f"/views/{saved['id']}", status=409, version=1)
    assert server.get("/views")["views"][1] == changed
    server.stop()
    server.start()
    assert server.get("/views")["views"] == [other, changed]
    call(server, "DELETE", f"/views/{saved['id']}", status=204, version=2)
    call(server, "DELETE", f"/views/{other['id']}", status=204)
    call(server, "DELETE", f"/views/{other['id']}", status=404)
    call(server, "PUT", f"/views/{other['id']}", VIEW | {"version": 1}, status=404)
    assert server.get("/views") == {"views": []}
    entries = [(entry["action"], entry["detail"]) for entry in server.get("/audit", subject=saved["id"])["entries"]]
    assert entries == [
        ("view.deleted", "the view `Checkout`"), ("view.changed", "the view `Checkout`"), ("view.added", f"the view `{VIEW['name']}`"),
    ]  # fmt: skip


@pytest.mark.parametrize(("wrong", "status", "field"), [
    ({"name": " "}, 400, "name"),
    ({"name": "x" * 101}, 400, "name"),
    ({"name": "a\u0007"}, 400, "name"),
    ({"range": "17 lightyears"}, 400, "range"),
    ({"range": "3d"}, 400, "range"),
    ({"range": "2026-11-02T00:00:00Z/2026-11-01T00:00:00Z"}, 400, "range"),
    ({"tab": "open"}, 400, "tab"),
    ({"sort": "importance"}, 400, "sort"),
    ({"query": "servce:x"}, 400, "query"),
    ({"query": "x" * 4097}, 400, "query"),
    ({"version": 1}, 400, "version"),
    ({"colour": "red"}, 400, None),
])  # fmt: skip
def test_a_view_that_cannot_be_used_is_refused(server: Server, wrong: dict, status: int, field: str | None) -> None:
    error = call(server, "POST", "/views", VIEW | wrong, status=status)["error"]
    assert error.get("field") == field, error
    assert server.get("/views") == {"views": []}


def test_names_of_views_are_there_once_and_their_number_is_limited(own_server: Server) -> None:
    server = own_server
    for number in range(200):
        call(server, "POST", "/views", {"name": f"view {number}"}, status=201)
    assert call(server, "POST", "/views", {"name": "one more"}, status=409)["error"]["code"] == "limit_reached"
    views = server.get("/views")["views"]
    call(server, "DELETE", f"/views/{views[-1]['id']}", status=204)
    assert call(server, "POST", "/views", {"name": views[0]["name"]}, status=409)["error"]["code"] == "name_taken"
    renamed = {"name": views[0]["name"], "version": 1}
    assert call(server, "PUT", f"/views/{views[1]['id']}", renamed, status=409)["error"]["code"] == "name_taken"
    call(server, "PUT", f"/views/{views[1]['id']}", {"name": views[1]["name"]}, status=400)


def test_views_are_changed_by_those_who_may(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REENACT_ACCESS_LOCAL_ADMIN", "values,settings")
    server = Server(tmp_path).start()
    try:
        assert server.get("/views") == {"views": []}
        call(server, "POST", "/views", VIEW, status=403)
        call(server, "PUT", "/views/0123456789abcdef", VIEW | {"version": 1}, status=403)
        call(server, "DELETE", "/views/0123456789abcdef", status=403)
        server.stop()
    finally:
        if server.process and server.process.poll() is None:
            server.kill()


def test_histograms_are_grouped_by_version(own_server: Server) -> None:
    for number in range(7):
        for _ in range(7 - number):
            send(own_server, "banded", ago_ns=number * 3_600_000_000_000, version=f"1.{number}")
    span = error_span("banded", "settling failed")
    span["meta"].pop("version", None)
    assert post_traces(own_server.agent, traces_body(span)).ok
    found = own_server.get("/histogram", query="service:banded", group_by="version", buckets=24)
    totals = {series["name"]: sum(series["counts"]) for series in found["series"]}
    assert totals == {"1.0": 7, "1.1": 6, "1.2": 5, "1.3": 4, "1.4": 3, "other": 2 + 1 + 1}
    assert found["total"] == sum(totals.values()) == own_server.get("/histogram", query="service:banded")["total"]
    assert all(len(series["counts"]) == 24 for series in found["series"])
    [issue] = own_server.get("/issues", query="service:banded version:1.0")["issues"]
    found = own_server.get("/histogram", issue=issue["id"], query="-version:(1.1 OR 1.2 OR 1.3 OR 1.4 OR 1.5 OR 1.6)", group_by="version")
    assert [(series["name"], sum(series["counts"])) for series in found["series"]] == [("1.0", 7), ("", 1)]
    assert own_server.get("/histogram", query="service:nobody", group_by="version")["series"] == []
    refused = call(own_server, "GET", "/histogram", status=400, group_by="host")["error"]
    assert refused["code"] == "parameter_invalid" and "`service`, `version`" in refused["message"]


def test_versions_are_listed_where_they_were_first_seen(own_server: Server) -> None:
    hour = 3_600_000_000_000
    for version, env, ago in [("1.0", "prod", 50), ("1.1", "staging", 6), ("1.1", "prod", 4), ("1.2", "prod", 2), ("1.1", "prod", 1)]:
        send(own_server, "released", ago_ns=ago * hour, version=version, env=env)
    send(own_server, "elsewhere", version="9", env="prod")

    def versions(query: str, **range_: str) -> list[tuple[str, str, list[str]]]:
        found = own_server.get("/versions", query=query, **range_)
        assert found["left_off"] == 0
        times = [one["first_seen"] for one in found["versions"]]
        assert times == sorted(times)
        return [(one["service"], one["version"], sorted(one["envs"])) for one in found["versions"]]

    both = ["prod", "staging"]
    assert versions("service:released") == [("released", "1.1", both), ("released", "1.2", ["prod"])]
    assert versions("") == [("released", "1.1", both), ("released", "1.2", ["prod"]), ("elsewhere", "9", ["prod"])]
    assert versions("service:released env:staging") == [("released", "1.1", ["staging"])]
    # Nothing of staging happened then: what is new to production is new.
    assert versions("service:released", **{"from": "now-5h"}) == [("released", "1.1", ["prod"]), ("released", "1.2", ["prod"])]
    assert versions("service:released", **{"from": "now-3d", "to": "now-1d"}) == [("released", "1.0", ["prod"])]
    assert versions("service:nobody") == []
    [newest] = own_server.get("/versions", query="service:released", **{"from": "now-3h"})["versions"]
    [event] = own_server.get(f"/issues/{own_server.get('/issues', query='service:released')['issues'][0]['id']}/events", query="version:1.2")["events"]
    assert newest["first_seen"] == event["timestamp"]
    lines = reenact(own_server, "versions", "--query", "service:released").splitlines()
    assert [line.split()[1:] for line in lines] == [["released", "1.1", "prod,", "staging"], ["released", "1.2", "prod"]]
    assert json.loads(reenact(own_server, "versions", "--json", "--from", "now-3h"))["versions"][-1]["service"] == "elsewhere"


def test_an_event_can_be_read_without_its_values(own_server: Server) -> None:
    event = captured(own_server, "glanced", "glanced-1", "glance", {}, amount=scalar("int", "424242"))

    def looks() -> int:
        return sum(entry["action"] == "values.viewed" for entry in own_server.get("/audit")["entries"])

    before = looks()
    bare = requests.get(f"{own_server.ui}/api/v1/events/{event}", params={"values": "false"}, timeout=30)
    assert "424242" not in bare.text
    frames = bare.json()["exceptions"][-1]["frames"]
    assert frames[-1]["values"]["state"] == "hidden" and frames[-1]["values"]["reason"] == "captured values were not asked for"
    assert looks() == before, "nobody has looked at values"
    assert "424242" in json.dumps(own_server.get(f"/events/{event}", values="true"))
    assert looks() == before + 1
    assert call(own_server, "GET", f"/events/{event}", status=400, values="some")["error"]["message"] == "`values` is `true` or `false`"


def test_views_carry_facets(own_server: Server) -> None:
    server = own_server
    facets = {"keys": ["owner", "@region", "service"], "folded": ["service"], "tags": False}
    saved = call(server, "POST", "/views", {"name": "by region", "facets": facets}, status=201)
    assert saved["facets"] == facets
    plain = call(server, "POST", "/views", {"name": "plain"}, status=201)
    assert plain["facets"] is None
    tags_only = call(server, "PUT", f"/views/{plain['id']}", {"name": "plain", "facets": {"tags": False}, "version": 1})
    assert tags_only["facets"] == {"keys": None, "folded": [], "tags": False}
    for wrong, field in [
        ({"keys": ["nothing"]}, "facets.keys.0"),
        ({"keys": ["@"]}, "facets.keys.0"),
        ({"keys": ["env", "env"]}, "facets.keys.1"),
        ({"keys": [f"@t{n}" for n in range(31)]}, "facets.keys"),
        ({"folded": ["@" + "x" * 201]}, "facets.folded.0"),
    ]:
        error = call(server, "POST", "/views", {"name": "wrong", "facets": wrong}, status=400)["error"]
        assert error["field"] == field, error

    def command(*arguments: str) -> str:
        return server.command("view", *arguments, "--server", server.ui).stdout

    assert "facets: owner, @region, service; folded: service; without the commonest tags" in command("list")
    told = command("save", "Mine", "--query", "service:views", "--tab", "for_review", "--facet", "env", "--facet", "@team", "--folded", "env")
    assert told.startswith("Mine  service:views") and "facets: env, @team; folded: env" in told
    changed = json.loads(command("save", "Mine", "--sort", "count", "--json"))
    assert (changed["query"], changed["sort"], changed["facets"]["keys"], changed["version"]) == ("service:views", "count", ["env", "@team"], 2)
    assert json.loads(command("save", "Mine", "--own-facets", "--json"))["facets"] is None
    send(server, "views")
    send(server, "elsewhere")
    listed = server.command("issues", "--view", "Mine", "--json", "--server", server.ui).stdout
    assert [issue["service"] for issue in json.loads(listed)["issues"]] == ["views"]
    command("remove", "Mine")
    assert [view["name"] for view in json.loads(command("list", "--json"))["views"]] == ["by region", "plain"]
