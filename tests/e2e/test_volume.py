"""Volume: limits that issues share fairly, rules that drop and sample, and that everything which arrives is counted once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from payloads import captured_span, error_span, post_snapshots, post_traces, snapshot, traces_body
from server import Server

Start = Callable[..., Server]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Starts a server with these limits."""
    server = Server(tmp_path)

    def started(events: int | None = None, issue_events: int | None = None) -> Server:
        for name, value in {"EVENTS_PER_MINUTE": events, "ISSUE_EVENTS_PER_MINUTE": issue_events}.items():
            monkeypatch.setenv(f"REENACT_LIMITS_{name}", "unlimited" if value is None else str(value))
        return server.start()

    yield started
    if server.process and server.process.poll() is None:
        server.kill()


def call(server: Server, method: str, path: str, body: Any = None, status: int = 200) -> Any:
    answer = requests.request(method, f"{server.ui}/api/v1{path}", json=body, timeout=30)
    assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
    return answer.json() if answer.content else None


def spans(service: str, count: int, **tags: str) -> list[dict]:
    """So many events of the service's one issue."""
    found = [error_span(service, "settling failed") for _ in range(count)]
    for span in found:
        span["meta"] |= tags
    return found


def send(server: Server, *events: dict) -> None:
    """All of them at once: they arrive at the same moment."""
    answer = post_traces(server.agent, traces_body(*events))
    assert answer.ok and "rate_by_service" in answer.json(), "the client sees nothing of it"


def kept(server: Server, service: str) -> int:
    return sum(issue["count"] for issue in server.issues(f"service:{service}"))


def issue(server: Server, service: str) -> dict:
    [found] = server.issues(f"service:{service}")
    return server.get(f"/issues/{found['id']}")


def set_rules(server: Server, *rules: dict, status: int = 200) -> Any:
    version = server.get("/volume/rules")["version"]
    return call(server, "PUT", "/volume/rules", {"version": version, "rules": list(rules)}, status)


def rule(name: str, query: str, action: str = "drop", **more: Any) -> dict:
    return {"name": name, "query": query, "action": action, **more}


def test_without_limits_everything_is_kept(start: Start) -> None:
    server = start()
    send(server, *spans("loud", 200))
    assert server.outcomes() == {"stored": 200}
    status = server.get("/volume")
    assert status["limits"] == {"events_per_minute": None, "issue_events_per_minute": None, "new_issues_per_minute": 60}
    assert (status["filtered"], status["rate_limited"], status["rules"], status["issues"]) == (0, 0, [], [])
    assert issue(server, "loud")["rate_limited"] is None


def test_a_loud_issue_takes_nothing_from_a_quiet_one_and_everything_is_counted(start: Start) -> None:
    server = start(events=60)
    [noise] = set_rules(server, rule("Noise", "service:noise"))["rules"]
    send(server, *spans("loud", 300), *spans("noise", 7), *spans("quiet", 6))
    # Two thirds of a minute's worth at once; of the rest there is room for others.
    assert (kept(server, "loud"), kept(server, "quiet"), kept(server, "noise")) == (40, 6, 0)
    assert server.outcomes() == {"stored": 46, "rate_limited": 260, "filtered": 7}, "each of 313 exactly once"
    status = server.get("/volume")
    assert status["limits"]["events_per_minute"] == 60
    assert (status["filtered"], status["rate_limited"], status["issues_left_out"]) == (7, 260, 0)
    [by_rule], [by_issue] = status["rules"], status["issues"]
    assert (by_rule["id"], by_rule["name"], by_rule["events"]) == (noise["id"], "Noise", 7)
    loud = issue(server, "loud")
    assert (by_issue["id"], by_issue["service"], by_issue["events"]) == (loud["id"], "loud", 260)
    assert (loud["rate_limited"]["events"], loud["count_total"]) == (260, 40)
    assert loud["rate_limited"]["since"] <= loud["first_seen"], "counted by the hour"
    assert issue(server, "quiet")["rate_limited"] is None
    assert 'outcome="rate_limited"} 260' in requests.get(f"{server.ui}/metrics", timeout=30).text
    shown = server.command("volume", "status", "--server", server.ui).stdout
    assert "60 events per minute" in shown and "260" in shown and "Noise" in shown
    assert "260 events not kept because of the rate limit" in server.command("issue", loud["id"], "--server", server.ui).stdout
    server.stop()
    server = start(events=60)
    assert issue(server, "loud")["rate_limited"]["events"] == 260, "counts outlive the process"
    assert server.get("/volume")["rate_limited"] == 260 and server.get("/volume")["filtered"] == 7


def test_first_events_of_new_issues_are_kept(start: Start) -> None:
    server = start(events=1)
    send(server, *spans("loud", 10), *(event for number in range(5) for event in spans(f"new-{number}", 2)))
    assert server.outcomes() == {"stored": 6, "rate_limited": 14}
    assert [kept(server, f"new-{number}") for number in range(5)] == [1] * 5
    server.stop()
    server = start(events=1)
    # What is stored is not new, whoever asks.
    send(server, *spans("loud", 1), *spans("new-0", 1), *spans("new-5", 1))
    assert server.outcomes() == {"stored": 2, "rate_limited": 1}
    assert (kept(server, "loud"), kept(server, "new-0"), kept(server, "new-5")) == (2, 1, 1)


def test_each_issue_has_a_limit_of_its_own(start: Start) -> None:
    server = start(issue_events=10)
    send(server, *spans("loud", 25), *spans("other", 4))
    assert (kept(server, "loud"), kept(server, "other")) == (10, 4)
    assert server.outcomes() == {"stored": 14, "rate_limited": 15}


def test_snapshots_of_events_over_the_limit_are_not_kept(start: Start) -> None:
    server = start(issue_events=1)
    send(server, *spans("values", 1))
    send(server, captured_span("values", "settling failed", "values-over"))
    body = json.dumps([snapshot("values", "values-over", amount={"type": "int", "value": "1"})])
    assert post_snapshots(server.agent, body).ok
    assert server.outcomes() == {"stored": 1, "rate_limited": 1, "filtered": 1}
    assert server.get("/status")["snapshots_total"] == 0


def test_the_first_rule_that_fits_decides(start: Start) -> None:
    server = start()
    set_rules(
        server,
        rule("Wanted", "env:prod", "keep"),
        rule("Off", "service:staged", enabled=False),
        rule("Half", "service:half", "keep", keep_percent=50),
        rule("Rest", "-service:staged @region:eu"),
    )
    send(server, *spans("shop", 3, env="prod", region="eu"), *spans("shop", 4, env="dev", region="eu"))
    send(server, *spans("staged", 2, env="dev", region="eu"), *spans("half", 400, env="dev"))
    assert (kept(server, "shop"), kept(server, "staged")) == (3, 2)
    half = kept(server, "half")
    assert 140 < half < 260
    assert server.outcomes() == {"stored": 5 + half, "filtered": 4 + 400 - half}
    counts = {row["name"]: row["events"] for row in server.get("/volume")["rules"]}
    assert counts == {"Half": 400 - half, "Rest": 4}
    set_rules(server)
    send(server, *spans("shop", 1, env="dev", region="eu"))
    assert kept(server, "shop") == 4
    names = [row["name"] for row in server.get("/volume")["rules"]]
    assert names == [None, None], "rules that are there no more keep their counts"


def test_an_event_that_is_sent_again_is_sampled_in_the_same_way(start: Start) -> None:
    server = start()
    set_rules(server, rule("Half", "", "keep", keep_percent=50))
    events = spans("half", 60)
    send(server, *events)
    first = server.outcomes()
    send(server, *events)
    assert server.outcomes() == {**first, "filtered": 2 * first["filtered"], "duplicate": first["stored"]}


def test_rules_that_cannot_be_used_are_refused_with_their_place(start: Start) -> None:
    server = start()
    for wrong, field, at in [
        (rule("a", "env:prod servce:x"), "rules.0.query", 9),
        (rule("a", "env:prod has:values"), "rules.0.query", 9),
        (rule("a", "is:resolved"), "rules.0.query", 0),
        (rule(" ", ""), "rules.0.name", None),
        (rule("a", "", "keep", keep_percent=0), "rules.0.keep_percent", None),
    ]:
        error = set_rules(server, wrong, status=400)["error"]
        assert (error["code"], error["field"], error.get("at")) == ("settings_invalid", field, at)
    set_rules(server, rule("a", "service:a"))
    call(server, "PUT", "/volume/rules", {"version": 0, "rules": []}, 409)
    [entry] = [entry for entry in server.get("/audit")["entries"] if entry["action"] == "volume.changed"]
    assert entry["detail"] == "1 rules, 1 of them on"


def test_rules_in_the_terminal(start: Start) -> None:
    server = start()
    listed = json.loads(server.command("volume", "list", "--json", "--server", server.ui).stdout)
    listed["rules"] = [rule("Tenth", "env:staging", "keep", keep_percent=10)]
    file = server.directory / "rules.json"
    file.write_text(json.dumps(listed))
    shown = server.command("volume", "set", str(file), "--server", server.ui).stdout
    assert "1. Tenth" in shown and "10 of 100 are kept" in shown
    assert "env:staging" in server.command("volume", "list", "--server", server.ui).stdout


def test_a_limit_that_is_none_is_named(start: Start, tmp_path: Path) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text("[limits]\nevents_per_minute = 0\n")
    error = Server(tmp_path).command("config", "check", str(file), code=2).stderr
    assert "wrong.toml:2" in error and 'a number from 1 to 1000000000, or "unlimited"' in error


def test_rules_and_limits_are_tried_on_what_is_stored_before_they_are_saved(start: Start, tmp_path: Path) -> None:
    server = start()
    send(server, *spans("loud", 20, region="eu"), *spans("loud", 5, region="us"))
    send(server, *spans("calm", 3))
    keep = rule("Some of the loud", "service:loud @region:eu", "keep", keep_percent=50, id="some")
    drop = rule("No calm", "service:calm", id="calm")
    body = {"rules": [keep, drop], "from": "now-1h"}
    found = call(server, "POST", "/volume/preview", body)
    gone = found["rules"][0]["filtered"]
    assert (found["matching"], found["looked_at"], found["filtered_now"], found["rate_limited"]) == (28, 28, 0, 0)
    assert 0 < gone < 20 and found["filtered"] == gone + 3 and found["kept"] == 25 - gone
    assert [(one["name"], one["events"]) for one in found["rules"]] == [("Some of the loud", 20), ("No calm", 3)]
    services = {one["service"]: (one["events"], one["filtered"]) for one in found["services"]}
    assert services == {"loud": (25, gone), "calm": (3, 3)}
    assert {one["service"]: one["filtered"] for one in found["issues"]} == {"loud": gone, "calm": 3}
    assert found["issues"][0]["type"] == "ValueError" and len(found["issues"][0]["sample_event_id"]) == 32

    limited = call(server, "POST", "/volume/preview", {"rules": [drop], "from": "now-1h", "issue_events_per_minute": 10})
    assert (limited["filtered"], limited["rate_limited"], limited["kept"]) == (3, 15, 10)
    only = call(server, "POST", "/volume/preview", {"rules": [drop], "query": "service:loud", "events": 4})
    assert (only["matching"], only["looked_at"], only["filtered"], only["services"]) == (25, 4, 0, [])
    assert server.get("/volume/rules")["version"] == 0 and server.get("/volume")["filtered"] == 0, "nothing changed"

    # What is foreseen is what happens: the same events would have gone.
    set_rules(server, keep, drop)
    after = call(server, "POST", "/volume/preview", {"rules": [], "from": "now-1h"})
    assert (after["filtered"], after["filtered_now"]) == (0, gone + 3)

    for wrong, field in [
        ({"rules": [rule("a", "typ:x")]}, "rules.0.query"),
        ({"rules": [], "events": 0}, "events"),
        ({"rules": [], "events_per_minute": 0}, "events_per_minute"),
    ]:
        assert call(server, "POST", "/volume/preview", wrong, 400)["error"]["field"] == field
    file = tmp_path / "tried.json"
    file.write_text(json.dumps({"rules": [drop]}))
    told = server.command("volume", "preview", str(file), "--issue-events-per-minute", "10", "--server", server.ui).stdout
    assert "looked at the newest 28 of 28 events; 10 would be kept" in told and "3 of 3  calm" in told and "15 of 25  loud" in told
    as_json = server.command("volume", "preview", "--json", "--server", server.ui).stdout
    assert json.loads(as_json)["filtered"] == after["filtered_now"]
