"""Redaction as an operator changes it: settings, the scanner, trying rules, scrubbing, who may see what, and the audit log."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from clients import Client
from leaks import places_with, stored_texts
from payloads import captured_span, error_span, post_snapshots, post_traces, snapshot, traces_body, uuid_of
from polling import wait_until
from server import Server

RULE = {"name": "order numbers", "enabled": True, "pattern": {"kind": "regex", "regex": "ORD-[0-9]+"}, "action": {"kind": "redact"},
        "priority": 10, "sampling_percent": 100}  # fmt: skip


def call(server: Server, method: str, path: str, body: Any = None, status: int = 200, **headers: str) -> Any:
    answer = requests.request(method, f"{server.ui}/api/v1{path}", json=body, headers=headers, timeout=30)
    assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
    return answer.json() if answer.content else None


def text(value: str) -> dict[str, str]:
    return {"type": "str", "value": repr(value)}


def send(server: Server, service: str, message: str, name: str, env: str = "prod", **values: Any) -> dict:
    """One event with values; the event as the API shows it once they are there."""
    span = captured_span(service, message, name)
    span["meta"]["env"] = env
    query = requests.utils.quote(f"env:{env},version:1")
    body = json.dumps([snapshot(service, name, **values)])
    answer = requests.post(f"{server.agent}/debugger/v2/input?ddtags={query}", data=body, headers={"Content-Type": "application/json"},
                           timeout=30)  # fmt: skip
    assert answer.ok and post_traces(server.agent, traces_body(span)).ok

    def arrived() -> dict | None:
        events = server.events(f'service:{service} env:{env} "{message}"') if message else server.events(f"service:{service} env:{env}")
        found = [event for event in events if uuid_of(name) and event["values"]["state"] != "pending"]
        return found[0] if found else None

    return wait_until("the event arrives", arrived)


def arguments(event: dict) -> dict[str, Any]:
    return event["exceptions"][-1]["frames"][-1]["values"]["arguments"]


def add_rule(server: Server, query: str, **changes: Any) -> dict:
    group = call(server, "POST", "/scanner/groups", {"name": "orders", "query": query, "enabled": True}, 201)
    return call(server, "POST", f"/scanner/groups/{group['id']}/rules", {**RULE, **changes}, 201)


def scrub(server: Server) -> dict:
    job = call(server, "POST", "/scrub", {}, 202)
    return wait_until("the job ends", lambda: (found := server.get(f"/jobs/{job['id']}"))["state"] != "running" and found)


def test_settings_hold_for_services_and_environments(server: Server) -> None:
    before = server.get("/redaction")
    settings = {
        "project": {"identifiers": ["tenant"], "values_on": ["email"]},
        "services": [
            {"service": "pay*", "env": "prod", "rules": {"mode": "strict"}},
            {"service": "notes", "rules": {"excluded_identifiers": ["token"], "identifiers": ["plan"]}},
        ],
    }
    changed = call(server, "PUT", "/redaction", {"version": before["version"], "settings": settings})
    assert changed["version"] == before["version"] + 1
    values = {name: text(f"kept {name}") for name in ("tenant", "plan", "token", "note")} | {"count": {"type": "int", "value": "7"}}
    seen = {}
    for service, env in [("payments", "prod"), ("payments", "dev"), ("notes", "prod")]:
        event = send(server, service, "", f"settings-{service}-{env}", env, **values, mail=text("write to ada@example.org"))
        seen[service, env] = {name: value.get("value") for name, value in arguments(event).items()}
    assert seen["payments", "prod"] == {**dict.fromkeys(["tenant", "plan", "token", "note", "mail"]), "count": "7"}
    plain = {"tenant": None, "token": None, "plan": "'kept plan'", "note": "'kept note'", "mail": "'write to [redacted: email]'", "count": "7"}
    assert seen["payments", "dev"] == plain
    assert seen["notes", "prod"] == {**plain, "plan": None, "token": "'kept token'"}
    # Somebody who loaded the settings earlier does not undo this.
    error = call(server, "PUT", "/redaction", {"version": before["version"], "settings": {}}, 409)["error"]
    assert error["code"] == "conflict"
    bad = {"version": changed["version"], "settings": {"services": [{"service": "a", "rules": {"identifiers": ["ok", "--"]}}]}}
    error = call(server, "PUT", "/redaction", bad, 400)["error"]
    assert (error["code"], error["field"]) == ("settings_invalid", "services.0.rules.identifiers.1")
    assert server.get("/redaction")["settings"] == changed["settings"]


def test_settings_outlive_the_process(own_server: Server) -> None:
    rule = add_rule(own_server, "service:shop")
    call(own_server, "PUT", "/redaction", {"version": 0, "settings": {"project": {"identifiers": ["tenant"]}}})
    own_server.kill()
    own_server.start()
    event = send(own_server, "shop", "", "outlive", tenant=text("acme"), note=text("see ORD-2"))
    assert arguments(event)["note"]["value"] == f"'see [redacted: {rule['id']}]'"
    assert arguments(event)["tenant"]["not_captured"] == "redacted_identifier"


@pytest.mark.parametrize(("action", "form"), [
    ({"kind": "redact", "text": "<an order>"}, "see <an order>!"),
    ({"kind": "partial", "characters": 4, "side": "first"}, "see ***123!"),
    ({"kind": "partial", "characters": 3, "side": "last"}, "see ORD-***!"),
])  # fmt: skip
def test_rules_of_the_scanner_work_on_what_the_groups_query_finds(server: Server, action: dict, form: str) -> None:
    name = f"scanner-{action['kind']}-{action.get('side', 'all')}"
    add_rule(server, f"dd_source:debugger service:{name}", action=action)
    event = send(server, name, "", name, note=text("see ORD-123!"))
    other = send(server, f"{name}-other", "", f"{name}-other", note=text("see ORD-123!"))
    assert arguments(event)["note"]["value"] == repr(form)
    assert arguments(other)["note"]["value"] == repr("see ORD-123!")


def test_hashes_join_and_masks_come_off(server: Server) -> None:
    add_rule(server, "service:joined", action={"kind": "hash"})
    add_rule(server, "service:masked", name="masked orders", action={"kind": "mask"})
    event = send(server, "joined", "", "joined", one=text("ORD-1"), again=text("a ORD-1"), other=text("ORD-2"))
    hashes = {name: value["value"].split("[hash: ")[1][:32] for name, value in arguments(event).items()}
    assert hashes["one"] == hashes["again"] != hashes["other"]
    event = send(server, "masked", "", "masked", order=text("see ORD-5!"))
    shown = arguments(event)["order"]["value"]
    assert shown.startswith("'see [masked: ") and "ORD-5" not in shown
    plain = call(server, "POST", "/unmask", {"event_id": event["id"], "text": shown})
    assert plain["text"] == "'see ORD-5!'"
    call(server, "POST", "/unmask", {"event_id": event["id"], "text": shown.replace("[masked: ", "[masked: 0")}, 400)
    entry = server.get("/audit", action="values.unmasked")["entries"][0]
    assert (entry["actor"], entry["subject"]) == ("local admin", event["id"])


def test_a_rule_that_cannot_be_used_is_refused_with_its_place(server: Server) -> None:
    group = call(server, "POST", "/scanner/groups", {"name": "bad", "query": "", "enabled": True}, 201)
    for change, part, at in [
        ({"pattern": {"kind": "regex", "regex": "a(b"}}, "pattern", 1),
        ({"pattern": {"kind": "regex", "regex": "(?<=a)b"}}, "pattern", 0),
        ({"pattern": {"kind": "regex", "regex": "x*"}}, "pattern", None),
        ({"pattern": {"kind": "regex", "regex": "(a{1000}){1000}"}}, "pattern", None),
        ({"pattern": {"kind": "library", "rule": "no_such"}}, "pattern", None),
        ({"action": {"kind": "redact", "text": "ORD-1"}}, "action", None),
        ({"included_paths": ["a..b"]}, "included_paths", None),
        ({"name": " "}, "name", None),
    ]:
        error = call(server, "POST", f"/scanner/groups/{group['id']}/rules", {**RULE, **change}, 400)["error"]
        assert error["field"].endswith(part) and error["at"] == at, error
    for query, at in [("type:ValueError", 0), ("service:a has:values", 0), ('service:"a', 8), ("words", 0)]:
        error = call(server, "POST", "/scanner/groups", {"name": "bad", "query": query, "enabled": True}, 400)["error"]
        assert error["field"].endswith("query") and error["at"] == at, error
    error = call(server, "POST", f"/scanner/groups/{group['id']}/rules", {**RULE, "typo": 1}, 400)["error"]
    assert "typo" in error["message"]
    call(server, "POST", "/scanner/groups/none/rules", RULE, 404)
    call(server, "DELETE", "/scanner/rules/none", status=404)
    call(server, "DELETE", f"/scanner/groups/{group['id']}", status=204)
    assert server.get("/audit", action="scanner.changed")["entries"][0]["detail"] == "deleted the group `bad`"


def test_trying_rules_keeps_nothing(server: Server) -> None:
    event = send(server, "tried", "of ORD-7", "tried", note=text("see ORD-7"))
    result = call(server, "POST", "/redaction/try", {"last": 1, "rule": RULE})
    paths = {(sample["kind"], change["path"]) for sample in result["samples"] for change in sample["changes"]}
    assert {("snapshot", "values.arguments.note"), ("event", "error.message"), ("event", "error.stack")} <= paths
    assert all(change["rule"]["name"] == "order numbers" for sample in result["samples"] for change in sample["changes"])
    assert server.get(f"/events/{event['id']}") == event
    result = call(server, "POST", "/redaction/try", {"text": "é password=hunter2", "rule": RULE})
    (sample,) = result["samples"]
    (change,) = sample["changes"]
    assert sample["text"] == "é password=[redacted]" and (change["start"], change["end"]) == (11, 18)
    error = call(server, "POST", "/redaction/try", {"text": "a", "rule": {**RULE, "pattern": {"kind": "regex", "regex": "("}}}, 400)["error"]
    assert (error["field"], error["at"]) == ("rule.pattern", 0)
    call(server, "POST", "/redaction/try", {}, 400)
    call(server, "POST", "/redaction/try", {"last": 100_000}, 400)
    assert server.get("/audit", action="trial.run")["entries"][0]["detail"] == "last 1 events"


def test_hits_are_counted_by_rule(own_server: Server) -> None:
    rule = add_rule(own_server, "service:counted")
    send(own_server, "counted", "", "counted", note=text("ORD-1 and ORD-2"), password=text("hunter2"))
    hits = {(row["rule"]["kind"], row["rule"]["id"]): row for row in own_server.get("/redaction/hits")["rules"]}
    row = hits["scanner", rule["id"]]
    assert (row["total"], sum(row["histogram"]), row["rule"]["name"]) == (2, 2, "order numbers")
    assert hits["name", None]["total"] >= 1
    own_server.stop()
    own_server.start()
    again = {(row["rule"]["kind"], row["rule"]["id"]): row["total"] for row in own_server.get("/redaction/hits", **{"from": "now-7d"})["rules"]}
    assert again["scanner", rule["id"]] == 2


def test_scrubbing_leaves_nothing_of_what_is_stored(own_server: Server) -> None:
    server = own_server
    secrets = {"message": "ORD-1111", "value": "ORD-2222", "tag": "ORD-3333", "old issue": "ORD-4444"}
    before = send(server, "shop", "order ORD-1111", "scrubbed", note=text("see ORD-2222"), count={"type": "int", "value": "5"})
    tagged = error_span("shop", "tagged")
    tagged["meta"]["order"] = "ORD-3333"
    assert post_traces(server.agent, traces_body(tagged, *(error_span("shop", f"again ORD-4444 {number}") for number in range(150)))).ok
    server.wait_for_events("service:shop", 152)
    wait_until("everything is indexed", lambda: server.get("/status")["events_unindexed"] == 0)
    assert places_with(secrets, {"dump": server.dump()}), "the search would prove nothing"
    issues = {issue["id"] for issue in server.issues("service:shop")}
    add_rule(server, "service:shop")
    job = scrub(server)
    assert (job["state"], job["done"], job["total"]) == ("done", 153, 153), job
    assert job["changed"] == 153
    assert job["hits"][0]["rule"]["name"] == "order numbers"
    # Nothing is waited for: when the job is done, it is gone.
    files = {str(path): path.read_bytes() for path in server.data_dir.rglob("*") if path.is_file()}
    assert not places_with(secrets, {**files, "dump": server.dump()})
    after = server.get(f"/events/{before['id']}")
    assert after["exceptions"][-1]["message"] == "order [redacted: order-numbers]"
    assert arguments(after)["count"] == arguments(before)["count"]
    assert {issue["id"] for issue in server.issues("service:shop")} == issues, "grouping stays"
    wait_until("it is indexed again", lambda: server.get("/status")["events_unindexed"] == 0)
    assert server.issues("service:shop ORD-4444") == []
    again = scrub(server)
    assert (again["changed"], again["hits"]) == (0, [])
    server.stop()
    assert not places_with(secrets, stored_texts(server))


def test_a_scrub_goes_on_after_a_crash(own_server: Server) -> None:
    server = own_server
    assert post_traces(server.agent, traces_body(*(error_span("shop", f"order ORD-{number}") for number in range(1500)))).ok
    wait_until("they are stored", lambda: server.get("/status")["events_total"] == 1500)
    add_rule(server, "service:shop")
    job = call(server, "POST", "/scrub", {}, 202)
    server.kill()
    server.start()
    ended = wait_until("the job ends", lambda: (found := server.get(f"/jobs/{job['id']}"))["state"] != "running" and found, 60)
    assert ended["state"] == "done" and ended["done"] >= 1500
    assert "order ORD-" not in server.dump()
    assert server.get("/status")["events_total"] == 1500
    assert sum(issue["count"] for issue in server.issues("service:shop")) == 1500


def test_looks_at_values_are_in_the_audit_log(server: Server) -> None:
    event = send(server, "looked-at", "", "looked-at", note=text("here"))
    plain = error_span("looked-at", "without values")
    assert post_traces(server.agent, traces_body(plain)).ok
    before = server.get("/audit", action="values.viewed", subject=event["id"])["entries"]
    server.get(f"/events/{event['id']}")
    entries = server.get("/audit", action="values.viewed", subject=event["id"])["entries"]
    assert len(entries) == len(before) + 1
    assert (entries[0]["actor"], entries[0]["address"]) == ("local admin", "127.0.0.1")
    assert server.get(f"/events/{event['id']}/neighbours")["issue_id"] == event["issue_id"]
    assert len(server.get("/audit", action="values.viewed", subject=event["id"])["entries"]) == len(entries), "that shows no values"
    page = server.get("/audit", limit=1)
    assert page["next_cursor"] and server.get("/audit", limit=1, cursor=page["next_cursor"])["entries"] != page["entries"]


def test_without_permissions_nothing_is_shown_or_changed(own_server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server = own_server
    add_rule(server, "service:shop", action={"kind": "mask"})
    event = send(server, "shop", "", "forbidden", note=text("visible text"), order=text("ORD-1"))
    server.stop()
    monkeypatch.setenv("REENACT_ACCESS_LOCAL_ADMIN", "")
    server.start()
    assert not any(value for name, value in server.get("/me").items() if name != "name")
    shown = server.get(f"/events/{event['id']}")
    assert shown["values"]["state"] == "hidden" and arguments(shown) == {}
    assert "visible text" not in json.dumps(shown)
    call(server, "POST", "/redaction/try", {"last": 1}, 403)
    call(server, "PUT", "/redaction", {"version": 0, "settings": {}}, 403)
    call(server, "POST", "/scanner/groups", {"name": "a", "query": "", "enabled": True}, 403)
    call(server, "POST", "/scrub", {}, 403)
    call(server, "POST", "/unmask", {"event_id": event["id"], "text": "a"}, 403)
    call(server, "GET", "/audit", status=403)
    server.stop()
    monkeypatch.setenv("REENACT_ACCESS_LOCAL_ADMIN", "values,all")
    assert "`all`" in server.command("config", "show", code=2).stderr


def test_pages_of_other_sites_change_nothing(server: Server) -> None:
    body = {"name": "foreign", "query": "", "enabled": True}
    for headers in [{"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}]:
        call(server, "POST", "/scanner/groups", body, 403, **headers)
    answer = requests.post(f"{server.ui}/api/v1/scanner/groups", data=json.dumps(body), headers={"Content-Type": "text/plain"}, timeout=10)
    assert answer.status_code == 415
    assert all(group["name"] != "foreign" for group in server.get("/scanner/groups")["groups"])
    call(server, "DELETE", "/redaction", status=405)


def test_grouping_does_not_change_with_redaction(own_server: Server) -> None:
    """The same error, with every rule there is and without: one issue."""
    server = own_server
    for name in ("before", "targeted", "strict"):
        if name != "before":
            settings = {"project": {"values_on": ["*"], "mode": name}}
            call(server, "PUT", "/redaction", {"version": server.get("/redaction")["version"], "settings": settings})
        span = error_span("grouped", "cannot charge 4111 1111 1111 1111 of ada@example.org")
        assert post_traces(server.agent, traces_body(span)).ok
    server.wait_for_events("service:grouped", 3)
    (issue,) = server.issues("service:grouped")
    assert issue["count"] == 3


def test_scan_tries_rules_in_the_terminal(server: Server) -> None:
    send(server, "scanned", "of ORD-8", "scanned", note=text("see ORD-8"))
    shown = server.command("scan", "a\npassword=hunter2", "--server", server.ui).stdout
    assert shown == "2:10  name  [redacted]\n"
    shown = server.command("scan", "see ORD-1", "--regex", "ORD-[0-9]+", "--server", server.ui, "--exit-code", code=3).stdout
    assert "1:5  scanner (this-rule)  [redacted: this-rule]" in shown
    assert "nothing would change" in server.command("scan", "plain", "--server", server.ui, "--exit-code").stderr
    file = server.directory / "some.log"
    file.write_text("fine\n" * 400_000 + "token: abc-def-ghi\n")
    assert server.command("scan", "--file", str(file), "--server", server.ui).stdout == "400001:8  name  [redacted]\n"
    assert server.command("scan", "--file", str(file), "--print", "--server", server.ui).stdout.endswith("fine\ntoken: [redacted]\n")
    last = server.command("scan", "--last", "5", "--regex", "ORD-[0-9]+", "--server", server.ui)
    assert "values.arguments.note" in last.stdout and "order" not in last.stderr and "would change" in last.stderr
    assert json.loads(server.command("scan", "x", "--json", "--server", server.ui).stdout)["looked_at"] == 1
    assert "byte 0" in server.command("scan", "x", "--regex", "(", "--server", server.ui, code=1).stderr


LEAKY = """
import os, time
from ddtrace import tracer
def pay(password, note):
    header = {"Authorization": "Bearer " + os.environ["API_KEY"]}
    raise RuntimeError("cannot pay with password=" + password)
try:
    with tracer.trace("job", service="leaky"):
        pay(os.environ["DB_PASSWORD"], os.environ.get("NOTE", ""))
except RuntimeError:
    pass
time.sleep(3)
"""


def test_the_leak_test_tells_what_leaks_and_what_does_not(server: Server, current_client: Client) -> None:
    script = server.directory / "leaky.py"
    script.write_text(LEAKY)
    binaries = current_client.directory / "bin"
    program = ["--", str(binaries / "ddtrace-run"), str(binaries / "python"), str(script)]
    fine = server.command("leak-test", "--secret", "DB_PASSWORD", "--secret", "API_KEY=stripe_key", "--json", *program)
    told = json.loads(fine.stdout)
    assert told["events"] == 1 and told["findings"] == [] and told["secrets"] == ["DB_PASSWORD", "API_KEY"]
    leaks = server.command("leak-test", "--secret", "DB_PASSWORD", "--secret", "API_KEY=stripe_key", "--secret", "NOTE", *program, code=1)
    assert "LEAK  NOTE  as it is  GET /api/v1/events/" in leaks.stdout and "LEAK  NOTE  as it is  stored: " in leaks.stdout
    assert "DB_PASSWORD" not in leaks.stdout.replace("secrets", "")
    silent = server.directory / "silent.py"
    silent.write_text(LEAKY.replace("time.sleep(3)", "tracer.flush()"))
    program[-1] = str(silent)
    told = server.command("leak-test", "--secret", "DB_PASSWORD", "--secret", "API_KEY", "--", "env", "DD_EXCEPTION_REPLAY_ENABLED=false",
                          "DD_EXCEPTION_DEBUGGING_ENABLED=false", *program[1:], code=2)  # fmt: skip
    assert "no values" in told.stderr
    assert "no error arrived" in server.command("leak-test", "--secret", "A", "--", "true", code=2).stderr
