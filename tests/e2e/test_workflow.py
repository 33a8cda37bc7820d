"""The workflow of issues: states, regressions by version, ignoring until, excluding, undo, timeline, lists, restarts."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import requests

from payloads import captured_span, error_span, post_snapshots, post_traces, snapshot, traces_body
from polling import wait_until
from server import Server

DAY_NS = 86_400_000_000_000


def call(server: Server, method: str, path: str, body: Any = None, status: int = 200, **headers: str) -> Any:
    answer = requests.request(method, f"{server.ui}/api/v1{path}", json=body, headers=headers, timeout=30)
    assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
    return answer.json() if answer.content else None


def send(
    server: Server, service: str, version: str | None = None, env: str | None = "prod", user: str | None = None, ago_ns: int = 0
) -> None:
    """One event of the service's one issue; durable and judged when this returns."""
    span = error_span(service, "settling failed")
    span["start"] -= ago_ns
    tags = {"version": version, "env": env, "usr.id": user}
    span["meta"] |= {name: value for name, value in tags.items() if value is not None}
    assert post_traces(server.agent, traces_body(span)).ok


def issue_of(server: Server, service: str, *versions: str | None, env: str | None = "prod") -> str:
    """The id of a new issue that was seen in the versions."""
    for version in versions or (None,):
        send(server, service, version, env)
    [issue] = server.get("/issues", query=f"service:{service}")["issues"]
    return issue["id"]


def change(server: Server, issue: str, **wanted: Any) -> dict:
    return call(server, "PATCH", f"/issues/{issue}", wanted)


def status(server: Server, issue: str) -> dict:
    return server.get(f"/issues/{issue}")["status"]


def state(server: Server, issue: str) -> str:
    return status(server, issue)["state"]


def timeline(server: Server, issue: str) -> list[dict]:
    return server.get(f"/issues/{issue}/activity", limit=200)["entries"]


STATES = ["for_review", "reviewed", "resolved", "ignored", "excluded"]


def test_a_new_issue_is_for_review_and_new(server: Server) -> None:
    issue = issue_of(server, "fresh", "1.0")
    found = server.get(f"/issues/{issue}")
    assert (found["state"], found["tags"], found["assignee"]) == ("for_review", ["new"], None)
    assert found["status"] == {"state": "for_review", "since": None, "actor": None, "revision": 0, "assignee": None, "resolution": None,
                               "cause": None, "ignore": None, "regression": None, "excluded_events": 0}  # fmt: skip
    [entry] = timeline(server, issue)
    assert (entry["kind"], entry["version"], entry["at"], entry["can_undo"]) == ("first_seen", "1.0", found["first_seen"], False)


@pytest.mark.parametrize("before", STATES)
def test_every_state_leads_to_every_other(server: Server, before: str) -> None:
    issue = issue_of(server, f"states-{before}")
    revision = 0
    for after in STATES:
        for wanted in (before, after):
            if wanted != state(server, issue):
                changed = change(server, issue, state=wanted)
                revision += 1
                assert changed["change_id"] and changed["issue"]["id"] == issue
                now = changed["issue"]["status"]
                assert (now["state"], now["actor"], now["revision"]) == (wanted, "local admin", revision)
                assert changed["issue"]["state"] == wanted
            else:
                assert change(server, issue, state=wanted)["change_id"] is None, "nothing changes"
    assert status(server, issue)["revision"] == revision


def test_assigning_reviews(server: Server) -> None:
    issue = issue_of(server, "assigned")
    assert state(server, issue) == "for_review"
    changed = change(server, issue, assignee="grace")
    assert (changed["issue"]["state"], changed["issue"]["assignee"]) == ("reviewed", "grace")
    assert [entry["kind"] for entry in timeline(server, issue)] == ["state", "assigned", "first_seen"]
    assert change(server, issue, state="for_review")["issue"]["assignee"] == "grace"
    assert change(server, issue, assignee=None)["issue"]["assignee"] is None
    names = server.get("/assignees")["assignees"]
    assert {"name": "local admin", "issues": 0} in names and {"name": "grace", "issues": 0} in names
    change(server, issue, assignee="grace")
    assert server.get("/assignees", prefix="GR")["assignees"] == [{"name": "grace", "issues": 1}]


@pytest.mark.parametrize(("scope", "silent", "loud"), [
    ("now", [("1.9", "prod"), ("1.10", "prod"), ("1.10", "staging")], ("1.9", "staging")),
    ("now", [("1.9", "prod")], ("1.11", "prod")),
    ("current_version", [("1.9", "prod"), ("1.8", "prod"), ("1.9", "staging")], ("1.10", "prod")),
    ("next_version", [("1.9", "prod"), ("1.10", "prod"), ("1.10", "staging")], ("1.11", "prod")),
    ("next_version", [("1.10", "prod")], ("2.0.0-rc1", "staging")),
    ("now", [], (None, "prod")),
    ("next_version", [], (None, "prod")),
])  # fmt: skip
def test_a_resolved_issue_comes_back_with_a_version_that_is_new_to_it(
    server: Server, scope: str, silent: list, loud: tuple[str | None, str]
) -> None:
    service = f"resolved-{scope}-{loud[0]}-{loud[1]}"
    issue_of(server, service, "1.10", env="staging")
    issue = issue_of(server, service, "1.9", "1.10")
    resolved = change(server, issue, state="resolved", scope=scope)["issue"]["status"]
    assert resolved["resolution"] == {"scope": scope, "versions": ["1.10"]}
    for version, env in silent:
        send(server, service, version, env)
        assert state(server, issue) == "resolved", (version, env)
    # What happened before is late, and says nothing.
    send(server, service, "3.0", "prod", ago_ns=60_000_000_000)
    send(server, service, None, "prod", ago_ns=60_000_000_000)
    assert state(server, issue) == "resolved"
    version, env = loud
    send(server, service, version, env)
    found = server.get(f"/issues/{issue}")
    assert (found["state"], found["tags"], found["status"]["actor"]) == ("for_review", ["new", "regression"], "automatic")
    regression = found["status"]["regression"]
    assert (regression["version"], regression["env"]) == loud
    event = server.get(f"/events/{regression['event_id']}")
    assert (event["issue_id"], event["version"], event["timestamp"]) == (issue, version, regression["at"])
    entry = timeline(server, issue)[0]
    assert (entry["kind"], entry["from"], entry["to"], entry["actor"]) == ("regression", "resolved", "for_review", "automatic")
    assert (entry["version"], entry["env"], entry["event_id"]) == (version, env, regression["event_id"])
    # Resolved again, it is no regression any more.
    assert change(server, issue, state="resolved")["issue"]["tags"] == []


def test_ignored_until_so_many_events(server: Server) -> None:
    issue = issue_of(server, "ignored-events", "1.0")
    change(server, issue, state="ignored", ignore={"events": 3})
    send(server, "ignored-events", ago_ns=60_000_000_000)
    for seen in (1, 2):
        send(server, "ignored-events", user="ada")
        ignore = status(server, issue)["ignore"]
        assert (ignore["events"], ignore["events_seen"], ignore["until"]) == (3, seen, None)
    send(server, "ignored-events")
    now = status(server, issue)
    assert (now["state"], now["actor"], now["ignore"], now["regression"]) == ("for_review", "automatic", None, None)
    assert "3 events" in timeline(server, issue)[0]["text"]


def test_ignored_until_so_many_users(server: Server) -> None:
    issue = issue_of(server, "ignored-users")
    change(server, issue, state="ignored", ignore={"users": 2, "events": 1000})
    for user, seen in (("ada", 1), ("ada", 1), (None, 1)):
        send(server, "ignored-users", user=user)
        assert status(server, issue)["ignore"]["users_seen"] == seen
    send(server, "ignored-users", user="grace")
    assert state(server, issue) == "for_review"


def test_ignored_until_a_date_and_for_ever(server: Server) -> None:
    issue, for_ever = issue_of(server, "ignored-date"), issue_of(server, "ignored-for-ever")
    until = datetime.now(timezone.utc) + timedelta(seconds=3)
    change(server, issue, state="ignored", ignore={"until": until.isoformat()})
    change(server, for_ever, state="ignored")
    assert status(server, for_ever)["ignore"] == {"until": None, "events": None, "users": None, "events_seen": 0, "users_seen": 0}
    assert state(server, issue) == "ignored"
    wait_until("ignoring ends", lambda: state(server, issue) == "for_review", 10)
    assert datetime.now(timezone.utc) >= until
    send(server, "ignored-for-ever", "9.0")
    assert state(server, for_ever) == "ignored"


def test_excluded_issues_are_not_kept_and_counted(server: Server) -> None:
    issue = issue_of(server, "excluded", "1.0")
    change(server, issue, state="excluded")
    before = server.outcomes()
    for _ in range(3):
        send(server, "excluded", "2.0")
    after = server.outcomes()
    assert after["filtered"] - before.get("filtered", 0) == 3 and after["stored"] == before["stored"]
    found = server.get(f"/issues/{issue}")
    assert (found["count_total"], found["status"]["excluded_events"], found["state"]) == (1, 3, "excluded")
    change(server, issue, state="reviewed")
    send(server, "excluded", "2.0")
    found = server.get(f"/issues/{issue}")
    assert (found["count_total"], found["status"]["excluded_events"]) == (2, 3)


def test_snapshots_of_excluded_events_are_not_kept(server: Server) -> None:
    issue = issue_of(server, "excluded-values")
    change(server, issue, state="excluded")
    before = server.outcomes()
    assert post_traces(server.agent, traces_body(captured_span("excluded-values", "settling failed", "excluded-values"))).ok
    body = json.dumps([snapshot("excluded-values", "excluded-values", amount={"type": "int", "value": "1"})])
    assert post_snapshots(server.agent, body).ok
    after = server.outcomes()
    assert (after["filtered"] - before["filtered"], after["stored"] - before["stored"]) == (2, 0)


def test_undo_of_one_change(server: Server) -> None:
    issue = issue_of(server, "undone", "1.0")
    change(server, issue, assignee="grace")
    before = status(server, issue)
    changed = change(server, issue, state="excluded")
    entry = timeline(server, issue)[0]
    assert (entry["change_id"], entry["can_undo"], entry["undone"]) == (changed["change_id"], True, False)
    undone = call(server, "POST", f"/changes/{changed['change_id']}/undo")
    assert (undone["undone"], undone["skipped"]) == (1, 0)
    now = status(server, issue)
    assert {**now, "revision": 0, "since": 0} == {**before, "revision": 0, "since": 0} and now["revision"] == before["revision"] + 2
    entries = timeline(server, issue)
    assert [(entry["undone"], entry["can_undo"]) for entry in entries[:2]] == [(False, True), (True, False)]
    error = call(server, "POST", f"/changes/{changed['change_id']}/undo", status=409)["error"]
    assert error["code"] == "already_undone"
    assert call(server, "POST", "/changes/0123456789abcdef/undo", status=404)["error"]["code"] == "not_found"
    # An undo can be undone.
    call(server, "POST", f"/changes/{undone['change_id']}/undo")
    assert state(server, issue) == "excluded"


def test_a_regression_that_was_undone_does_not_come_again(server: Server) -> None:
    issue = issue_of(server, "accepted", "1.0")
    change(server, issue, state="resolved")
    send(server, "accepted", "1.1")
    entry = timeline(server, issue)[0]
    assert entry["kind"] == "regression" and entry["can_undo"]
    call(server, "POST", f"/changes/{entry['change_id']}/undo")
    send(server, "accepted", "1.1")
    assert state(server, issue) == "resolved"
    send(server, "accepted", "1.2")
    assert state(server, issue) == "for_review"


def test_bulk_changes_and_their_undo(server: Server) -> None:
    services = [f"bulk-{number}" for number in range(4)]
    issues = [issue_of(server, service, "1.0") for service in services]
    change(server, issues[0], state="resolved")
    body = {"ids": [*issues, "00000000000000aa", issues[1]], "change": {"state": "resolved", "assignee": "grace"}}
    changed = call(server, "POST", "/issues/bulk", body)
    assert {**changed, "change_id": None} == {"change_id": None, "changed": 4, "unchanged": 0, "missing": 1}
    again = call(server, "POST", "/issues/bulk", body)
    assert again == {"change_id": None, "changed": 0, "unchanged": 4, "missing": 1}
    change(server, issues[3], state="ignored")
    undone = call(server, "POST", f"/changes/{changed['change_id']}/undo")
    assert (undone["undone"], undone["skipped"]) == (3, 1)
    assert [state(server, issue) for issue in issues] == ["resolved", "for_review", "for_review", "ignored"]
    # All that match, in one state.
    body = {"query": "service:bulk-*", "state": "for_review", "change": {"state": "reviewed"}}
    changed = call(server, "POST", "/issues/bulk", body)
    assert (changed["changed"], changed["unchanged"], changed["missing"]) == (2, 0, 0)
    assert [state(server, issue) for issue in issues] == ["resolved", "reviewed", "reviewed", "ignored"]


def test_lists_are_filtered_and_counted_by_state(server: Server) -> None:
    wanted = ["for_review", "reviewed", "resolved", "ignored", "excluded", "for_review", "resolved"]
    issues = [issue_of(server, f"listed-{number}", "1.0") for number in range(len(wanted))]
    for issue, to in zip(issues, wanted, strict=True):
        if to != "for_review":
            change(server, issue, state=to)
    change(server, issues[5], assignee="joan of arc")
    change(server, issues[5], state="for_review")
    send(server, "listed-6", "2.0")

    def found(state: str = "all", query: str = "", **paging: Any) -> dict:
        return server.get("/issues", query=f"service:listed-* {query}".strip(), state=state, **paging)

    def numbers(answer: dict) -> list[int]:
        return sorted(issues.index(issue["id"]) for issue in answer["issues"])

    counts = {"for_review": 3, "reviewed": 1, "resolved": 1, "ignored": 1, "excluded": 1, "all": 7}
    by_state = {"all": [0, 1, 2, 3, 4, 5, 6], "for_review": [0, 5, 6], "reviewed": [1], "resolved": [2], "ignored": [3, 4]}
    for name, expected in by_state.items():
        answer = found(name)
        assert (numbers(answer), answer["total"], answer["states"]) == (expected, len(expected), counts), name
    for query, expected in [
        ("is:for_review", [0, 5, 6]), ("is:reviewed", [1]), ("is:resolved", [2]), ("is:ignored", [3]), ("is:excluded", [4]),
        ("-is:for_review", [1, 2, 3, 4]), ("is:regression", [6]), ("is:new", [0, 5, 6]), ("-is:new", [1, 2, 3, 4]),
        ("is:assigned", [5]), ("is:unassigned", [0, 1, 2, 3, 4, 6]), ('assignee:"joan of arc"', [5]), ("assignee:nobody", []),
    ]:  # fmt: skip
        answer = found(query=query)
        assert numbers(answer) == expected, query
        assert answer["states"]["all"] == answer["total"] == len(expected), query
        events = server.get("/histogram", query=f"service:listed-* {query}")["total"]
        assert events == sum(issue["count"] for issue in answer["issues"]), query
    # Pages of every order hold each issue once, while states change between them.
    for sort in ("last_seen", "first_seen", "count", "users"):
        seen, cursor = [], None
        while True:
            page = found("for_review", sort=sort, limit=1, **({"cursor": cursor} if cursor else {}))
            assert page["total"] == 3 and page["states"] == counts
            seen += [issue["id"] for issue in page["issues"]]
            cursor = page["next_cursor"]
            change(server, issues[1], assignee=f"somebody {len(seen)}")
            if cursor is None:
                break
        assert sorted(seen) == sorted(issues[number] for number in (0, 5, 6)), sort
    answer = found("resolved", query="is:unassigned")
    assert numbers(answer) == [2]
    facets = server.get("/facets", query="service:listed-*", state="ignored")["facets"]
    assert [value["value"] for value in facets[0]["values"]] == ["listed-3", "listed-4"]
    call(server, "GET", "/issues?state=open", status=400)
    error = call(server, "GET", "/issues?query=is:done", status=400)["error"]
    assert error["code"] == "query_invalid" and "`for_review`" in error["message"]


def test_a_change_from_an_old_revision_is_refused(server: Server) -> None:
    issue = issue_of(server, "conflict")
    revision = status(server, issue)["revision"]
    assert change(server, issue, state="reviewed", revision=revision)["change_id"]
    error = call(server, "PATCH", f"/issues/{issue}", {"state": "resolved", "revision": revision}, 409)["error"]
    assert error["code"] == "revision_conflict"
    assert state(server, issue) == "reviewed"


def test_comments(server: Server) -> None:
    issue = issue_of(server, "comments")
    written = call(server, "POST", f"/issues/{issue}/comments", {"text": "seen in <b>prod</b>\nagain"}, 201)
    assert (written["kind"], written["actor"], written["text"]) == ("comment", "local admin", "seen in <b>prod</b>\nagain")
    assert timeline(server, issue)[0] == written
    assert status(server, issue)["revision"] == 0, "a comment is no change of the state"
    call(server, "DELETE", f"/issues/{issue}/comments/{written['id']}", status=204)
    call(server, "DELETE", f"/issues/{issue}/comments/{written['id']}", status=404)
    assert [entry["kind"] for entry in timeline(server, issue)] == ["first_seen"]
    for text in ("", "  ", "x" * 10_001):
        assert call(server, "POST", f"/issues/{issue}/comments", {"text": text}, 400)["error"]["field"] == "text"
    call(server, "POST", "/issues/00000000000000aa/comments", {"text": "x"}, 404)


def test_the_timeline_is_read_in_pages(server: Server) -> None:
    issue = issue_of(server, "timeline")
    for number in range(5):
        call(server, "POST", f"/issues/{issue}/comments", {"text": f"comment {number}"}, 201)
    for limit in (1, 2, 3, 5, 6, 200):
        texts, cursor = [], ""
        while cursor is not None:
            page = server.get(f"/issues/{issue}/activity", limit=limit, cursor=cursor)
            texts += [entry["text"] or entry["kind"] for entry in page["entries"]]
            cursor = page["next_cursor"]
        assert texts == [*(f"comment {number}" for number in reversed(range(5))), "first_seen"], limit
    call(server, "GET", "/issues/00000000000000aa/activity", status=404)


@pytest.mark.parametrize(("body", "field"), [
    ({}, "state"),
    ({"state": "reviewed", "scope": "now"}, "scope"),
    ({"state": "resolved", "ignore": {}}, "ignore"),
    ({"state": "ignored", "ignore": {"events": 0}}, "ignore.events"),
    ({"state": "ignored", "ignore": {"users": 100_001}}, "ignore.users"),
    ({"state": "ignored", "ignore": {"until": "2020-01-01T00:00:00Z"}}, "ignore.until"),
    ({"state": "ignored", "ignore": {"until": "tomorrow"}}, "ignore.until"),
    ({"assignee": " "}, "assignee"),
    ({"assignee": "x" * 201}, "assignee"),
    ({"assignee": "a\u0007b"}, "assignee"),
])  # fmt: skip
def test_a_change_that_makes_no_sense_is_refused_with_its_place(server: Server, body: dict, field: str) -> None:
    issue = issue_of(server, "refused")
    error = call(server, "PATCH", f"/issues/{issue}", body, 400)["error"]
    assert (error["code"], error["field"]) == ("parameter_invalid", field)
    error = call(server, "POST", "/issues/bulk", {"ids": [issue], "change": body}, 400)["error"]
    assert (error["code"], error["field"]) == ("parameter_invalid", f"change.{field}")
    assert status(server, issue)["revision"] == 0


def test_bulk_says_which_issues_it_wants(server: Server) -> None:
    reviewed = {"state": "reviewed"}
    for body, field in [
        ({"change": reviewed}, None),
        ({"ids": ["00000000000000aa"], "query": "", "change": reviewed}, None),
        ({"ids": [], "change": reviewed}, "ids"),
        ({"ids": ["00000000000000aa"] * 1001, "change": reviewed}, "ids"),
        ({"ids": ["00000000000000aa", "x"], "change": reviewed}, "ids.1"),
        ({"query": "", "state": "open", "change": reviewed}, "state"),
        ({"ids": ["00000000000000aa"], "change": {**reviewed, "revision": 1}}, "change.revision"),
    ]:
        error = call(server, "POST", "/issues/bulk", body, 400)["error"]
        assert (error["code"], error.get("field")) == ("parameter_invalid", field), body
    call(server, "POST", "/issues/bulk", {"query": "servce:x", "change": reviewed}, 400)
    call(server, "PATCH", "/issues/00000000000000aa", reviewed, 404)
    call(server, "PATCH", "/issues/x", reviewed, 404)
    for body in ({"state": "open"}, {"status": "resolved"}):
        assert call(server, "PATCH", "/issues/00000000000000aa", body, 400)["error"]["code"] == "body_invalid"


def test_changes_of_other_sites_and_without_permission_are_refused(own_server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    issue = issue_of(own_server, "guarded")
    body = {"state": "excluded"}
    error = call(own_server, "PATCH", f"/issues/{issue}", body, 403, Origin="http://evil.example")["error"]
    assert error["code"] == "origin_foreign"
    change(own_server, issue, state="reviewed")
    entry = own_server.get("/audit", action="issue.changed")["entries"][0]
    assert (entry["actor"], entry["subject"]) == ("local admin", issue)
    assert own_server.get("/me")["may_triage"] is True
    own_server.stop()
    monkeypatch.setenv("REENACT_ACCESS_LOCAL_ADMIN", "values,settings")
    own_server.start()
    assert own_server.get("/me")["may_triage"] is False
    for method, path, body in [
        ("PATCH", f"/issues/{issue}", body), ("POST", "/issues/bulk", {"ids": [issue], "change": body}),
        ("POST", f"/issues/{issue}/comments", {"text": "x"}), ("DELETE", f"/issues/{issue}/comments/1", None),
        ("POST", "/changes/0123456789abcdef/undo", None),
    ]:  # fmt: skip
        assert call(own_server, method, path, body, 403)["error"]["code"] == "forbidden"
    assert state(own_server, issue) == "reviewed"


def test_what_was_decided_outlives_the_process(own_server: Server) -> None:
    resolved, excluded = issue_of(own_server, "kept-resolved", "1.0"), issue_of(own_server, "kept-excluded")
    counted = issue_of(own_server, "kept-counted")
    changed = change(own_server, resolved, state="resolved", assignee="grace")
    change(own_server, excluded, state="excluded")
    change(own_server, counted, state="ignored", ignore={"events": 3, "users": 2})
    call(own_server, "POST", f"/issues/{resolved}/comments", {"text": "kept"}, 201)
    send(own_server, "kept-excluded")
    send(own_server, "kept-counted", user="ada")
    before = [(status(own_server, issue), timeline(own_server, issue)) for issue in (resolved, excluded, counted)]
    own_server.stop()
    own_server.start()
    assert [(status(own_server, issue), timeline(own_server, issue)) for issue in (resolved, excluded, counted)] == before
    assert before[1][0]["excluded_events"] == 1
    own_server.kill()
    own_server.start()
    after = [status(own_server, issue) for issue in (resolved, excluded, counted)]
    assert after == [found for found, _ in before]
    send(own_server, "kept-excluded")
    assert status(own_server, excluded)["excluded_events"] == 2
    send(own_server, "kept-counted", user="ada")
    assert status(own_server, counted)["ignore"]["users_seen"] == 1
    send(own_server, "kept-counted", user="grace")
    assert state(own_server, counted) == "for_review"
    send(own_server, "kept-resolved", "1.0")
    assert state(own_server, resolved) == "resolved"
    send(own_server, "kept-resolved", "1.1")
    assert state(own_server, resolved) == "for_review"
    assert call(own_server, "POST", f"/changes/{changed['change_id']}/undo")["skipped"] == 1


def test_counts_of_a_killed_server_are_counted_again(own_server: Server) -> None:
    issue = issue_of(own_server, "killed")
    change(own_server, issue, state="ignored", ignore={"events": 5, "users": 9})
    for user in ("ada", "grace", "ada"):
        send(own_server, "killed", user=user)
    own_server.kill()
    own_server.start()
    wait_until("events are counted again", lambda: status(own_server, issue)["ignore"]["events_seen"] == 3)
    assert status(own_server, issue)["ignore"]["users_seen"] == 2
    send(own_server, "killed")
    send(own_server, "killed")
    assert state(own_server, issue) == "for_review"


def test_quiet_issues_are_resolved_and_come_back(own_server: Server) -> None:
    send(own_server, "quiet", "1.0", ago_ns=15 * DAY_NS)
    send(own_server, "busy", "1.0", ago_ns=13 * DAY_NS)
    own_server.stop()
    own_server.start()
    wide = {"from": "now-4w", "to": "now"}
    [issue] = own_server.get("/issues", query="service:quiet", **wide)["issues"]
    wait_until("the quiet issue is resolved", lambda: state(own_server, issue["id"]) == "resolved")
    entry = timeline(own_server, issue["id"])[0]
    assert (entry["actor"], entry["text"], entry["can_undo"]) == ("automatic", "no event for 14 days", True)
    assert own_server.get("/issues", query="service:busy", **wide)["issues"][0]["state"] == "for_review"
    send(own_server, "quiet", "1.0")
    assert status(own_server, issue["id"])["regression"]["version"] == "1.0"


def test_issues_that_newer_versions_do_not_have_are_resolved(own_server: Server) -> None:
    def send_other(kind: str, version: str, days: int) -> None:
        span = error_span("outlived", "another")
        span["start"] -= days * DAY_NS
        span["meta"] |= {"error.type": kind, "error.stack": "", "version": version, "env": "prod"}
        assert post_traces(own_server.agent, traces_body(span)).ok

    for kind, version, days in [
        ("Gone", "1.0", 20), ("Gone", "1.0", 1), ("Young", "1.0", 20), ("Young", "1.1", 3), ("Other", "1.2", 2), ("Last", "1.0", 1)
    ]:  # fmt: skip
        send_other(kind, version, days)
    own_server.stop()
    own_server.start()
    found = own_server.get("/issues", query="service:outlived", **{"from": "now-4w", "to": "now"})["issues"]
    ids = {issue["type"]: issue["id"] for issue in found}
    for kind in ("Gone", "Last"):
        wait_until("it is resolved", lambda kind=kind: state(own_server, ids[kind]) == "resolved")
    assert "absent" in timeline(own_server, ids["Gone"])[0]["text"]
    send_other("Gone", "1.0", 0)
    assert state(own_server, ids["Gone"]) == "resolved", "what is left of the old version does not bring it back"
    send_other("Gone", "1.2", 0)
    assert state(own_server, ids["Gone"]) == "for_review"
    # 1.1 is young, and nothing is newer than 1.2.
    assert [state(own_server, ids[kind]) for kind in ("Young", "Other")] == ["for_review", "for_review"]


def test_live_pages_are_woken_by_a_change(server: Server) -> None:
    issue = issue_of(server, "live")
    with requests.get(f"{server.ui}/api/v1/stream", stream=True, timeout=20) as stream:
        change(server, issue, state="reviewed")
        assert next(line for line in stream.iter_lines() if line) == b"event: recorded"


def test_the_terminal_shows_and_changes_where_an_issue_stands(server: Server) -> None:
    issue = issue_of(server, "terminal-workflow", "1.0")

    def reenact(*arguments: str, code: int = 0) -> tuple[str, str]:
        result = server.command(*arguments, "--server", server.ui, code=code, NO_COLOR="1")
        return result.stdout, result.stderr

    out, said = reenact("issue", issue, "--state", "resolved", "--scope", "next_version", "--assign", "grace", "--comment", "soon")
    assert "resolved (next version, at 1.0)" in out and "grace" in out and "soon" in out and "first seen in version 1.0" in out
    undo = said.split("--undo ")[1].split("`")[0]
    out, said = reenact("issue", issue, "--state", "resolved", "--scope", "next_version")
    assert "nothing changes" in said
    out, said = reenact("issue", issue, "--undo", undo)
    assert "undone for 1 issues" in said and "state     for review" in out and "assignee  nobody" in out
    out, _ = reenact("issue", issue, "--state", "ignored", "--ignore-events", "9", "--json")
    shown = json.loads(out)
    assert shown["issue"]["status"]["ignore"]["events"] == 9 and shown["activity"]["entries"][0]["kind"] == "state"
    out, _ = reenact("issues", "--query", "service:terminal-workflow", "--state", "ignored")
    assert issue in out and "ignored, " not in out and "    ignored  terminal-workflow" in out
    _, said = reenact("issues", "--query", "service:terminal-workflow", "--state", "resolved")
    assert "no issues match" in said
    _, said = reenact("issue", issue, "--state", "reviewed", "--scope", "now", code=1)
    assert "`scope` belongs to the state `resolved`" in said
    for wrong in (("issue", "x"), ("issue", issue, "--undo", "../x"), ("issue", "00000000000000aa")):
        reenact(*wrong, code=1)
    reenact("issue", issue, "--state", "open", code=2)
    reenact("issue", issue, "--undo", undo, code=1)


def test_a_suspected_cause_is_set_cleared_and_taken_back(own_server: Server) -> None:
    server = own_server
    mine, other = issue_of(server, "caused"), issue_of(server, "caused-too")

    def found(query: str) -> set[str]:
        return {one["id"] for one in server.issues(query)}

    def facet() -> dict[str, tuple[int, int]]:
        [listed] = [one for one in server.get("/facets")["facets"] if one["key"] == "cause"]
        values = server.get("/facets/cause/values")["values"]
        assert values == listed["values"]
        return {value["value"]: (value["issues"], value["events"]) for value in values}

    assert found("cause:invalid_input") == {mine, other} and facet() == {"invalid_input": (2, 2)}
    changed = change(server, mine, cause="timeout")
    assert (changed["issue"]["cause"], changed["issue"]["cause_of_events"]) == ("timeout", "invalid_input")
    assert changed["issue"]["status"]["cause"]["cause"] == "timeout" and changed["issue"]["status"]["cause"]["actor"] == "local admin"
    assert changed["issue"]["state"] == "for_review", "it moves no state"
    assert found("cause:timeout") == found("cause:time*") == {mine} and found("cause:invalid_input") == found("-cause:timeout") == {other}
    assert facet() == {"timeout": (1, 1), "invalid_input": (1, 1)}
    send(server, "caused")
    assert facet() == {"timeout": (1, 2), "invalid_input": (1, 1)}, "later events do not change it"
    assert change(server, mine, cause="timeout")["change_id"] is None
    [listed] = server.issues("cause:timeout")
    assert listed["cause"] == "timeout"

    cleared = change(server, mine, cause="unknown")
    assert found("cause:unknown") == {mine}
    call(server, "POST", f"/changes/{cleared['change_id']}/undo", {})
    assert found("cause:timeout") == {mine}
    server.kill()
    server.start()
    assert found("cause:timeout") == {mine}
    change(server, mine, cause=None)
    assert found("cause:invalid_input") == {mine, other} and status(server, mine)["cause"] is None
    entries = [(one["kind"], one["cause_from"], one["cause_to"], one["undone"]) for one in timeline(server, mine)]
    assert entries == [
        ("cause", "timeout", None, False), ("cause", "unknown", "timeout", False), ("cause", "timeout", "unknown", True),
        ("cause", None, "timeout", False), ("first_seen", None, None, False),
    ]  # fmt: skip
    error = call(server, "PATCH", f"/issues/{mine}", {"cause": "bad luck"}, 400)["error"]
    assert error["field"] == "cause" and "`timeout`" in error["message"]
    details = [entry["detail"] for entry in server.get("/audit")["entries"] if entry["action"] == "issue.changed"]
    assert details[0] == "cause of its events" and details[-1] == 'cause "timeout"'

    many = call(server, "POST", "/issues/bulk", {"query": "service:caused*", "change": {"cause": "network"}})
    assert many["changed"] == 2 and facet() == {"network": (2, 3)}
    told = server.command("issue", mine, "--cause", "database", "--server", server.ui).stdout
    assert "cause     database, set by local admin; of its events invalid input" in told and "suspected cause: database" in told
    told = server.command("issue", mine, "--cause", "automatic", "--server", server.ui).stdout
    assert "cause     invalid input: " in told
