"""Numbers that JSON does not have: not a number, and the infinities, as Python writes them."""

from __future__ import annotations

import json
import math

from clients import Client
from payloads import captured_span, post_snapshots, post_traces, snapshot, traces_body
from server import Server


def scalar(value: object) -> dict:
    return {"type": type(value).__name__, "value": value}


def test_numbers_that_json_does_not_have_are_shown(server: Server) -> None:
    texts = {"type": "str", "value": "'NaN, Infinity and [-Infinity]: NaN'"}
    sent = {
        "bare": scalar(math.nan),
        "quoted": {"type": "float", "value": "nan"},
        "limits": {"type": "tuple", "size": 2, "elements": [scalar(math.inf), scalar(-math.inf)]},
        "table": {"type": "dict", "size": math.inf, "entries": [[scalar(math.nan), texts], [texts, scalar(-math.inf)]]},
        "point": {"type": "Point", "fields": {"NaN": scalar(1.5), "y": scalar(math.nan)}},
    }
    odd = snapshot("odd-numbers", "odd", **sent)
    odd["timestamp"] = odd["debugger"]["snapshot"]["duration"] = math.nan
    odd["debugger"]["snapshot"]["timestamp"] = math.inf
    body = json.dumps([odd, snapshot("odd-numbers", "sibling", whole=scalar(7))])
    assert body.count("Infinity") >= 5 and ": NaN" in body, "nothing is tested"
    assert post_snapshots(server.agent, body).ok
    spans = [captured_span("odd-numbers", name, name) for name in ("odd", "sibling")]
    for span in spans:
        span["metrics"] |= {"ratio": math.nan, "limit": math.inf}
    assert post_traces(server.agent, traces_body(*spans)).ok

    events = {event["exceptions"][-1]["message"]: event for event in server.wait_for_events("service:odd-numbers", 2)}
    values = {name: event["exceptions"][-1]["frames"][-1]["values"]["arguments"] for name, event in events.items()}
    assert values["sibling"] == {"whole": {"type": "int", "value": "7"}}
    assert values["odd"] == {
        "bare": {"type": "float", "value": "NaN"},
        "quoted": {"type": "float", "value": "nan"},
        "limits": {"type": "tuple", "size": 2, "elements": [text_of("Infinity"), text_of("-Infinity")]},
        "table": {"type": "dict", "entries": [[text_of("NaN"), texts], [texts, text_of("-Infinity")]]},
        "point": {"type": "Point", "fields": {"NaN": text_of("1.5"), "y": text_of("NaN")}},
    }
    assert "malformed" not in server.outcomes()

    shown = server.command("show", events["odd"]["id"], "--server", server.ui).stdout
    lines = [line.strip() for line in shown.splitlines()]
    for line in ["bare = NaN", "quoted = nan", "[0] = Infinity", "[1] = -Infinity", "[NaN] = 'NaN, Infinity and [-Infinity]: NaN'", ".y = NaN"]:
        assert line in lines, shown


def text_of(value: str) -> dict:
    return {"type": "float", "value": value}


def test_what_a_real_client_sends_of_them_is_shown(server: Server, current_client: Client, start_app) -> None:
    app = start_app(current_client, "script_app.py", "odd-numbers-real", server.agent, "many_shapes")
    app.wait_for("done")
    # The two after it are too early for values.
    events = server.wait_for_events("service:odd-numbers-real", 3)
    (event,) = [event for event in events if event["resource"] == "many_shapes"]
    shown = server.command("show", event["id"], "--server", server.ui).stdout
    lines = [line.strip() for line in shown.splitlines()]
    for line in ["broken = nan", "endless = inf", "below = -inf", "none_of_both = (nan+infj)", "[0] = nan", "[inf] = nan", "['Infinity'] = 'NaN'",
                 "[0] = Decimal('NaN')", "[1] = Decimal('-Infinity')"]:  # fmt: skip
        assert line in lines, shown
