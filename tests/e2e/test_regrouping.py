"""Merging and splitting issues, grouping rules with their preview, similar issues, and why an event is where it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import requests

from clients import Client
from payloads import error_span, post_traces, traces_body
from polling import wait_until
from server import Server

ALWAYS = {"from": "1970-01-02T00:00:00Z"}


def call(server: Server, method: str, path: str, body: Any = None, status: int = 200) -> Any:
    answer = requests.request(method, f"{server.ui}/api/v1{path}", json=body, timeout=30)
    assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
    return answer.json() if answer.content else None


def send(server: Server, service: str, function: str = "settle", message: str = "it failed", user: str | None = None, **tags: str) -> None:
    """One event; each function is an issue of its own."""
    span = error_span(service, message)
    span["meta"]["error.stack"] = span["meta"]["error.stack"].replace("settle", function)
    span["meta"] |= tags | ({"usr.id": user} if user else {})
    assert post_traces(server.agent, traces_body(span)).ok


def issues(server: Server, service: str) -> dict[str, dict]:
    """The issues of a service by the function that raised."""
    found = server.get("/issues", query=f"service:{service}", limit=200)["issues"]
    return {issue["culprit"]["function"]: issue for issue in found}


def merge(server: Server, *ids: str, into: str | None = None, status: int = 200) -> Any:
    return call(server, "POST", "/issues/merge", {"issues": list(ids), **({"into": into} if into else {})}, status)


def kinds(server: Server, issue: str) -> list[str]:
    return [entry["kind"] for entry in server.get(f"/issues/{issue}/activity")["entries"]]


def rules(server: Server, *wanted: dict, status: int = 200) -> Any:
    version = server.get("/grouping/rules")["version"]
    return call(server, "PUT", "/grouping/rules", {"version": version, "rules": list(wanted)}, status)


def rule(name: str, query: str, fingerprint: str, **more: Any) -> dict:
    return {"name": name, "query": query, "fingerprint": fingerprint, **more}


@pytest.fixture
def no_rules(server: Server) -> Server:
    yield server
    rules(server)


def test_two_issues_of_a_real_service_become_one_and_come_apart(server: Server, current_client: Client, start_app) -> None:
    app = start_app(current_client, "flask_app.py", "merging", server.agent)
    for case in ["none_attribute", "none_attribute", "wrong_type"]:
        assert app.request(f"/fail/{case}").status_code == 500
    server.wait_for_events("service:merging", 3)
    found = sorted(server.get("/issues", query="service:merging")["issues"], key=lambda issue: issue["count"])
    rare, common = [issue["id"] for issue in found]

    merged = merge(server, rare, common)
    assert (merged["into"], merged["merged"]) == (common, [rare])
    assert [issue["id"] for issue in server.issues("service:merging")] == [common]
    assert server.get(f"/issues/{common}")["count"] == 3

    # What arrives later stays there, after a restart of the client too.
    for case in ["none_attribute", "wrong_type"]:
        assert app.request(f"/fail/{case}").status_code == 500
    server.wait_for_events("service:merging", 5)
    app.stop()
    assert server.get(f"/issues/{common}")["count"] == 5
    events = server.get(f"/issues/{common}/events", **ALWAYS)["events"]
    assert {event["issue_id"] for event in events} == {common} and len(events) == 5

    # Old addresses lead there, and an event says how it came there.
    old = server.get(f"/issues/{rare}")
    assert (old["id"], old["merged_into"], old["count"]) == (common, common, 5)
    assert server.get("/issues", query=f"issue:{rare}")["issues"][0]["id"] == common
    members = {member["id"]: member for member in server.get(f"/issues/{rare}/members")["members"]}
    assert {id: member["count"] for id, member in members.items()} == {common: 3, rare: 2}
    event = server.get(f"/events/{members[rare]['latest_event_id']}")
    assert event["issue_id"] == common
    assert event["grouping"]["own_issue_id"] == rare
    assert (event["grouping"]["merged"]["into"], event["grouping"]["merged"]["by"]) == (common, "local admin")
    neighbours = server.get(f"/events/{event['id']}/neighbours", **ALWAYS)
    assert (neighbours["issue_id"], neighbours["total"]) == (common, 5)
    histogram = server.get("/histogram", issue=rare, **ALWAYS)
    assert histogram["total"] == 5

    split = call(server, "POST", f"/issues/{common}/split", {"members": [rare]})
    assert split["split"] == [rare]
    assert {issue["id"]: issue["count"] for issue in server.issues("service:merging")} == {common: 3, rare: 2}
    assert kinds(server, common)[:2] == ["split", "merged"] and kinds(server, rare)[:2] == ["split_from", "merged_into"]
    # A split is a change like any other.
    call(server, "POST", f"/changes/{split['change_id']}/undo", {})
    assert server.get(f"/issues/{rare}")["merged_into"] == common


def test_counts_of_a_merged_issue_are_those_of_the_union(server: Server) -> None:
    send(server, "union", "one", user="ada", version="1.0", env="prod")
    send(server, "union", "two", user="ada", version="2.0", env="dev")
    send(server, "union", "two", user="bob", version="2.0", env="dev")
    found = issues(server, "union")
    merge(server, found["one"]["id"], found["two"]["id"])
    [issue] = server.get("/issues", query="service:union")["issues"]
    assert (issue["id"], issue["count"], issue["users"]) == (found["two"]["id"], 3, 2)
    assert (issue["versions"], issue["envs"]) == (["1.0", "2.0"], ["dev", "prod"])
    assert (issue["first_seen"], issue["last_seen"]) == (found["one"]["first_seen"], found["two"]["last_seen"])
    facet = server.get("/facets/service/values", query="service:union")["values"]
    assert facet == [{"value": "union", "issues": 1, "events": 3}]
    assert server.get("/issues", query="service:union")["states"]["for_review"] == 1
    send(server, "union", "one", user="ada", version="1.0", env="prod")
    [again] = server.get("/issues", query="service:union")["issues"]
    assert (again["count"], again["culprit"]["function"]) == (4, "two"), "what was merged into it does not change its title"


def test_a_merge_outlives_the_server_and_is_undone(own_server: Server) -> None:
    for function in ["one", "two", "two", "three"]:
        send(own_server, "again", function)
    found = {name: issue["id"] for name, issue in issues(own_server, "again").items()}
    merged = merge(own_server, *found.values())
    assert merged["into"] == found["two"]
    own_server.kill()
    own_server.start()
    send(own_server, "again", "three")
    assert {id: issue["count"] for id, issue in ((i["id"], i) for i in own_server.issues("service:again"))} == {found["two"]: 5}
    undone = call(own_server, "POST", f"/changes/{merged['change_id']}/undo", {})
    assert (undone["undone"], undone["skipped"]) == (3, 0)
    counts = {name: issue["count"] for name, issue in issues(own_server, "again").items()}
    assert counts == {"one": 1, "two": 2, "three": 2}


def test_states_wait_and_nothing_is_dropped_silently(server: Server) -> None:
    for function in ["one", "two"]:
        send(server, "waiting", function)
    one, two = (issues(server, "waiting")[name]["id"] for name in ["one", "two"])
    call(server, "PATCH", f"/issues/{one}", {"state": "excluded"})
    refused = merge(server, one, two, status=409)["error"]
    assert refused["code"] == "excluded_differs" and "another state first" in refused["message"]
    call(server, "PATCH", f"/issues/{one}", {"state": "reviewed", "assignee": "grace"})
    merge(server, one, into=two)
    [issue] = server.get("/issues", query="service:waiting")["issues"]
    assert (issue["state"], issue["assignee"]) == ("for_review", None)
    # An old id changes the issue that has the events; the other one waits.
    call(server, "PATCH", f"/issues/{one}", {"state": "resolved"})
    assert server.get(f"/issues/{two}")["status"]["state"] == "resolved"
    send(server, "waiting", "one")
    assert server.get(f"/issues/{two}")["status"]["state"] == "for_review", "events of both are judged as its own"
    call(server, "POST", f"/issues/{two}/split", {"members": [one]})
    back = server.get(f"/issues/{one}")
    assert (back["status"]["state"], back["status"]["assignee"]) == ("reviewed", "grace")


def test_comments_of_merged_issues_stay_in_sight(server: Server) -> None:
    for function in ["one", "two"]:
        send(server, "comments", function)
    one, two = (issues(server, "comments")[name]["id"] for name in ["one", "two"])
    comment = call(server, "POST", f"/issues/{one}/comments", {"text": "seen before"}, 201)
    merge(server, one, into=two)
    entries = server.get(f"/issues/{two}/activity")["entries"]
    [found] = [entry for entry in entries if entry["kind"] == "comment"]
    assert (found["text"], found["of_issue_id"]) == ("seen before", one)
    call(server, "DELETE", f"/issues/{two}/comments/{comment['id']}", status=204)
    assert "comment" not in kinds(server, two)


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        ({"issues": []}, 400, "parameter_invalid", "issues"),
        ({"issues": ["0123456789abcdef"]}, 400, "parameter_invalid", "issues"),
        ({"issues": ["x", "y"]}, 400, "parameter_invalid", "issues.0"),
        ({"issues": ["0123456789abcdef"], "into": "no"}, 400, "parameter_invalid", "into"),
        ({"issues": ["0123456789abcdef", "0123456789abcde0"]}, 404, "not_found", None),
        ({"issues": ["0"] * 201}, 400, "parameter_invalid", "issues"),
        ({"issue": []}, 400, "body_invalid", None),
    ],
)
def test_a_merge_that_cannot_be_is_refused(server: Server, body: dict, status: int, code: str, field: str | None) -> None:
    error = call(server, "POST", "/issues/merge", body, status)["error"]
    assert (error["code"], error.get("field")) == (code, field)


def test_splitting_off_what_was_not_merged_is_refused(server: Server) -> None:
    send(server, "unmerged")
    [issue] = server.issues("service:unmerged")
    error = call(server, "POST", f"/issues/{issue['id']}/split", {"members": [issue["id"]]}, 400)["error"]
    assert (error["code"], error["field"]) == ("parameter_invalid", "members")


def test_a_rule_is_previewed_and_decides_about_what_arrives_then(no_rules: Server) -> None:
    server = no_rules
    for region in ["eu", "us", "eu"]:
        send(server, "ruled", "one", region=region)
    send(server, "ruled", "two", region="us")
    wanted = rule("by region", "service:ruled", "region {{tag.region}}")
    preview = call(server, "POST", "/grouping/preview", {"rules": [wanted], "query": "service:ruled"})
    assert (preview["looked_at"], preview["matching"], preview["out_of_time"], preview["unchanged"]) == (4, 4, False, 0)
    assert [rule["events"] for rule in preview["rules"]] == [4]
    [split] = [split for split in preview["splits"] if len(split["becomes"]) == 2]
    assert split["moved"] == 3 and [part["count"] for part in split["becomes"]] == [2, 1]
    assert not any(part["exists"] for part in split["becomes"])
    [joined] = preview["merges"]
    assert sorted(part["count"] for part in joined["from"]) == [1, 1]
    assert server.get("/grouping/rules")["rules"] == [], "a preview changes nothing"

    saved = rules(server, wanted)
    assert len(saved["rules"][0]["id"]) == 16 and saved["rules"][0]["enabled"] is True
    before = {issue["id"] for issue in server.issues("service:ruled")}
    send(server, "ruled", "one", region="eu")
    send(server, "ruled", "two", region="eu")
    [new] = [issue for issue in server.issues("service:ruled") if issue["id"] not in before]
    assert new["count"] == 2, "they have the fingerprint in common"
    assert new["id"] in {part["id"] for part in split["becomes"]}, "as the preview said"
    grouping = server.get(f"/issues/{new['id']}")["grouping"]
    assert grouping["source"] == "rule" and grouping["rule"]["name"] == "by region"
    counting = {part["name"]: part["value"] for part in grouping["parts"] if part["contributes"]}
    assert counting == {"service": "ruled", "tag.region": "eu"}
    assert {"error type", "frame", "message"} <= {part["name"] for part in grouping["parts"] if not part["contributes"]}
    assert any("by region" in line for line in grouping["why"])
    # Nothing more would change now.
    again = call(server, "POST", "/grouping/preview", {"rules": saved["rules"], "query": "service:ruled"})
    assert (again["splits"], again["merges"], again["unchanged"]) == ([], [], 6)


def test_the_first_rule_decides_and_an_application_wins(no_rules: Server) -> None:
    server = no_rules
    rules(
        server,
        rule("off", "service:order", "off", enabled=False),
        rule("first", "service:order frame.function:one", "first"),
        rule("second", "service:order", "second"),
    )
    for function in ["one", "two", "three"]:
        send(server, "order", function)
    send(server, "order", "one", **{"error.fingerprint": "mine"})
    found = sorted((event["grouping"]["fingerprint"], event["grouping"]["source"]) for event in events(server, "order"))
    assert found == [("first", "rule"), ("mine", "application"), ("second", "rule"), ("second", "rule")]


def events(server: Server, service: str) -> list[dict]:
    return [server.get(f"/events/{event['id']}") for issue in server.issues(f"service:{service}") for event in server.get(f"/issues/{issue['id']}/events")["events"]]


def test_an_issue_is_split_by_its_message(no_rules: Server) -> None:
    server = no_rules
    for message in ["no stock", "no money", "no stock"]:
        send(server, "split", "one", message)
    [issue] = server.issues("service:split")
    wanted = rule("by message", f"issue:{issue['id']}", "{{default}} {{message}}")
    [split] = call(server, "POST", "/grouping/preview", {"rules": [wanted], "query": f"issue:{issue['id']}"})["splits"]
    assert [part["count"] for part in split["becomes"]] == [2, 1]
    rules(server, wanted)
    for message in ["no stock", "no money"]:
        send(server, "split", "one", message)
    assert sorted(one["count"] for one in server.issues("service:split")) == [1, 1, 3], "what is stored stays"


@pytest.mark.parametrize(
    ("wanted", "field", "at", "says"),
    [
        (rule("a", "servce:x", "f"), "rules.0.query", 0, "did you mean `service`"),
        (rule("a", "env:prod has:values", "f"), "rules.0.query", 9, "leave `has:values` out"),
        (rule("a", "env:prod -var.order.id:7", "f"), "rules.0.query", 9, "leave `var.` out"),
        (rule("a", "age:<2d", "f"), "rules.0.query", 0, "leave `age` out"),
        (rule("a", "is:resolved", "f"), "rules.0.query", 0, "`is:` knows"),
        (rule("a", "", "late {{typ}}"), "rules.0.fingerprint", 5, "unknown component `typ`"),
        (rule("a", "", "late {{type"), "rules.0.fingerprint", 5, "not closed"),
        (rule("a", "", ""), "rules.0.fingerprint", 0, "text or components"),
        (rule("", "", "f"), "rules.0.name", None, "a name has"),
    ],
)
def test_a_rule_that_cannot_be_used_is_refused_with_its_place(server: Server, wanted: dict, field: str, at: int | None, says: str) -> None:
    for answer in [
        rules(server, wanted, status=400),
        call(server, "POST", "/grouping/preview", {"rules": [wanted]}, 400),
    ]:
        error = answer["error"]
        assert (error["code"], error["field"], error.get("at")) == ("settings_invalid", field, at)
        assert says in error["message"]
    assert server.get("/grouping/rules")["rules"] == []


def test_rules_that_somebody_else_changed_are_not_overwritten(no_rules: Server) -> None:
    server = no_rules
    version = server.get("/grouping/rules")["version"]
    rules(server, rule("mine", "", "mine"))
    body = {"version": version, "rules": []}
    assert call(server, "PUT", "/grouping/rules", body, 409)["error"]["code"] == "conflict"
    audit = server.get("/audit", action="grouping.changed")["entries"]
    assert audit[0]["detail"] == "1 rules, 1 of them on"


def test_similar_issues_say_why(server: Server) -> None:
    send(server, "similar-a", "charge", "card declined by bank")
    send(server, "similar-b", "charge", "card declined by shop")
    send(server, "similar-b", "other", "something else entirely")
    one = server.issues("service:similar-a")[0]["id"]
    found = server.get(f"/issues/{one}/similar", limit=50)
    by_service = {(issue["service"], issue["culprit"]["function"]): issue for issue in found["issues"]}
    other = by_service["similar-b", "charge"]
    assert other["score"] >= 0.3 and "the same type ValueError" in other["reasons"]
    assert any("words of the message in common" in reason for reason in other["reasons"])
    assert one not in {issue["id"] for issue in found["issues"]}
    scores = [issue["score"] for issue in found["issues"]]
    assert scores == sorted(scores, reverse=True) and found["compared"] >= len(scores)
    call(server, "GET", "/issues/0123456789abcdef/similar", status=404)
    call(server, "GET", f"/issues/{one}/similar?limit=0", status=400)


def test_why_is_told_part_by_part(server: Server) -> None:
    send(server, "why", "charge", "card 17 declined")
    [issue] = server.issues("service:why")
    grouping = server.get(f"/issues/{issue['id']}")["grouping"]
    assert grouping["source"] == "default" and grouping["own_issue_id"] == issue["id"] == grouping["issue_id_without_rules"]
    parts = {(part["name"], part["contributes"]): part for part in grouping["parts"]}
    assert parts["service", True]["value"] == "why"
    assert parts["frame", True]["value"] == "charge in why/billing.py"
    assert "there is a stack" in parts["message", False]["reason"]
    assert all(part["reason"] for part in grouping["parts"])


def test_commands_do_what_the_api_does(no_rules: Server, tmp_path: Path) -> None:
    server = no_rules
    for function in ["one", "two", "two"]:
        send(server, "commands", function, "no stock" if function == "one" else "no money")
    one, two = (issues(server, "commands")[name]["id"] for name in ["one", "two"])
    at = ("--server", server.ui)
    similar = server.command("issue", "similar", one, *at).stdout
    assert two in similar and "the same type ValueError" in similar
    merged = server.command("issue", "merge", one, two, "--json", *at)
    assert json.loads(merged.stdout)["into"] == two and "--undo" in merged.stderr
    members = server.command("issue", "members", one, *at).stdout
    assert one in members and two in members and "merged by local admin" in members
    shown = server.command("issue", one, *at).stdout
    assert f"shown as {two}" in shown and f"merged with {one}" in shown
    preview = server.command("issue", "split", two, "--by", "message", "--preview", *at).stdout
    assert preview.count("→") == 2 and "comes apart" in preview, preview
    assert "takes it back" in server.command("issue", "split", two, "--member", one, *at).stderr
    assert len(server.issues("service:commands")) == 2

    assert "no grouping rules" in server.command("grouping", "list", *at).stderr
    file = tmp_path / "rules.json"
    listed = json.loads(server.command("grouping", "list", "--json", *at).stdout)
    file.write_text(json.dumps(listed | {"rules": [rule("all", "service:commands", "all")]}))
    foreseen = server.command("grouping", "preview", str(file), "--query", "service:commands", *at).stdout
    assert "becomes one" in foreseen and 'by "all"' in foreseen
    assert "in force" in server.command("grouping", "set", str(file), *at).stderr
    assert "1. all" in server.command("grouping", "list", *at, NO_COLOR="1").stdout
    assert "changed meanwhile" in server.command("grouping", "set", str(file), *at, code=1).stderr
    assert "no issue" in server.command("issue", "merge", "x", two, *at, code=1).stderr


def applied(server: Server, **asked: Any) -> dict:
    """Applies the rules in force to what is stored, to the end."""
    job = call(server, "POST", "/grouping/apply", asked, 202)
    return wait_until("the job ends", lambda: next((one for one in [server.get(f"/jobs/{job['id']}")] if one["state"] != "running"), None))


def by_count(server: Server, service: str) -> list[tuple[str, int, int | None]]:
    found = server.get("/issues", query=f"service:{service}", limit=200, **ALWAYS)["issues"]
    return sorted((issue["id"], issue["count"], issue["users"]) for issue in found)


def test_stored_events_move_by_the_rules_in_force(own_server: Server) -> None:
    server = own_server
    for region, user in [("eu", "ada"), ("eu", "bob"), ("us", "ada"), ("us", "ada"), ("us", "cy")]:
        send(server, "moving", region=region, user=user)
    send(server, "moving", "other", region="eu", user="dan")
    send(server, "staying", region="eu")
    found = issues(server, "moving")
    old, other = found["settle"]["id"], found["other"]["id"]
    call(server, "PATCH", f"/issues/{old}", {"assignee": "ada"})
    call(server, "POST", f"/issues/{old}/comments", {"text": "by region, please"}, 201)

    rules(server, rule("By region", "service:moving frame.function:settle", "{{default}} {{tag.region}}"))
    assert by_count(server, "moving") == sorted([(old, 5, 3), (other, 1, 1)]), "what is stored stays"
    preview = call(server, "POST", "/grouping/preview", {"rules": server.get("/grouping/rules")["rules"], "from": "now-1d", "stored": True})
    [split] = preview["splits"]
    assert (split["issue"]["id"], split["moved"], sorted(part["count"] for part in split["becomes"])) == (old, 5, [2, 3])
    by_rules = call(server, "POST", "/grouping/preview", {"rules": server.get("/grouping/rules")["rules"], "from": "now-1d"})
    assert by_rules["splits"] == [], "rules as they are change nothing of each other"
    ids = {part["count"]: part["id"] for part in split["becomes"]}

    # Of one issue and a part of its events first; the rest later.
    job = applied(server, issues=[old], query="@region:eu")
    assert (job["kind"], job["state"], job["changed"], job["total"]) == ("regroup", "done", 2, 7)
    assert by_count(server, "moving") == sorted([(old, 3, 2), (ids[2], 2, 2), (other, 1, 1)])
    assert [(entry["kind"], entry["issue_ids"], entry["events"]) for entry in server.get(f"/issues/{old}/activity")["entries"]][0] == ("moved_out", [ids[2]], 2)
    assert server.get(f"/issues/{ids[2]}/activity")["entries"][0]["kind"] == "moved_in"
    fresh = server.get(f"/issues/{ids[2]}", **ALWAYS)
    assert (fresh["count_total"], fresh["state"]) == (2, "for_review")

    server.kill()
    server.start()
    assert by_count(server, "moving") == sorted([(old, 3, 2), (ids[2], 2, 2), (other, 1, 1)]), "counted once"
    assert applied(server, **{"from": "now-1d"})["changed"] == 3
    assert by_count(server, "moving") == sorted([(ids[3], 3, 2), (ids[2], 2, 2), (other, 1, 1)])
    moved = server.get(f"/issues/{ids[3]}", **ALWAYS)
    assert (moved["count_total"], moved["first_seen"] <= moved["last_seen"]) == (3, True)
    # Of the old issue nothing is left: it leads to the one that has its last events, with what people said and did.
    led = server.get(f"/issues/{old}")
    assert (led["merged_into"], led["assignee"], led["state"]) == (ids[3], "ada", "reviewed")
    assert "by region, please" in [entry["text"] for entry in server.get(f"/issues/{old}/activity")["entries"]]
    assert [value["issues"] for value in server.get("/facets/service/values", query="service:moving")["values"]] == [3]
    event = server.get(f"/issues/{ids[3]}/events")["events"][0]
    assert "region" in " ".join(server.get(f"/events/{event['id']}")["grouping"]["why"])
    assert applied(server)["changed"] == 0, "everything is where it belongs"

    # Without the rule they come back together.
    rules(server)
    assert applied(server)["changed"] == 5
    assert by_count(server, "moving") == sorted([(ids[3], 5, 3), (other, 1, 1)]), "the old issue is shown as the one it leads to"
    actions = [entry["action"] for entry in server.get("/audit")["entries"]]
    assert actions.count("grouping.applied") == 4
    told = server.command("grouping", "apply", "--from", "now-1d", "--server", server.ui).stdout
    assert "done: looked at 7 of 7 events, 0 moved to other issues" in told
    assert "nothing would change" in server.command("grouping", "apply", "--preview", "--server", server.ui).stdout
    refused = [
        ({"issues": ["x"]}, "parameter_invalid", "issues.0"),
        ({"query": "is:new"}, "query_invalid", "query"),
        ({"query": "env:prod -has:values"}, "query_invalid", "query"),
        ({"from": "tomorrow"}, "time_invalid", None),
    ]
    for wrong, code, field in refused:
        error = call(server, "POST", "/grouping/apply", wrong, 400)["error"]
        assert (error["code"], error.get("field")) == (code, field), error


def test_moved_events_bring_nothing_back(own_server: Server) -> None:
    server = own_server
    send(server, "quiet", region="eu", version="1")
    send(server, "quiet", "other", version="2")
    found = issues(server, "quiet")
    call(server, "PATCH", f"/issues/{found['other']['id']}", {"state": "resolved"})
    call(server, "PATCH", f"/issues/{found['settle']['id']}", {"state": "ignored"})
    rules(server, rule("One", "service:quiet", "one"))
    send(server, "quiet", version="3")
    [one] = [issue for issue in server.get("/issues", query="service:quiet")["issues"] if issue["id"] not in {i["id"] for i in found.values()}]
    call(server, "PATCH", f"/issues/{one['id']}", {"state": "resolved"})
    assert applied(server)["changed"] == 2
    server.kill()
    server.start()
    shown = server.get(f"/issues/{one['id']}", **ALWAYS)
    assert (shown["count_total"], shown["state"]) == (3, "resolved")
    assert {server.get(f"/issues/{issue['id']}")["merged_into"] for issue in found.values()} == {one["id"]}


def test_moving_goes_on_after_a_kill_and_can_be_ended(own_server: Server) -> None:
    server = own_server
    for _ in range(8):
        spans = [error_span("many", f"it failed {n}") for n in range(250)]
        for n, span in enumerate(spans):
            span["meta"]["region"] = f"r{n % 5}"
        assert post_traces(server.agent, traces_body(*spans)).ok
    rules(server, rule("By region", "service:many", "{{tag.region}}"))
    job = call(server, "POST", "/grouping/apply", {}, 202)
    wait_until("some moved", lambda: server.get(f"/jobs/{job['id']}")["changed"] > 0)
    server.kill()
    server.start()
    wait_until("it ends", lambda: server.get(f"/jobs/{job['id']}")["state"] == "done", 60)
    assert [count for _, count, _ in by_count(server, "many")] == [400] * 5
    assert all(server.get(f"/issues/{issue}", **ALWAYS)["count_total"] == 400 for issue, _, _ in by_count(server, "many"))

    rules(server)
    job = call(server, "POST", "/grouping/apply", {}, 202)
    ended = call(server, "POST", f"/jobs/{job['id']}/cancel", {})
    assert ended["state"] in ("cancelled", "done")

    def counts_agree() -> bool:
        counted = {issue: count for issue, count, _ in by_count(server, "many")}
        kept = {issue: server.get(f"/issues/{issue}", **ALWAYS)["count_total"] for issue in counted}
        return sum(counted.values()) == 2_000 and kept == counted

    # The step that was under way still ends, so that both sides are asked for anew.
    wait_until("counts agree", counts_agree)
    assert applied(server)["state"] == "done"
    assert sum(count for _, count, _ in by_count(server, "many")) == 2_000
