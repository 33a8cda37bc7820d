"""What is redacted in the process, before anything is sent."""

import json

from capturing import occurrence, raised, snapshots

SECRET = "hunter2-9f8e7d6c"


class Vault:
    def __init__(self):
        self.content = SECRET


def test_names_are_redacted_at_every_depth():
    def function(password):
        holder = {"user_password": SECRET, "deep": [{"X-Api-Key": SECRET}]}
        pairs = [("token", SECRET)]
        raise LookupError(password)

    error = raised(function, SECRET)
    got = snapshots(error)
    assert SECRET not in json.dumps([frame for frame in got if frame["function"] == "function"][0]["locals"]["holder"])
    frame = got[0]
    assert frame["arguments"]["password"]["not_captured"] == "redacted_identifier"
    assert "value" not in frame["arguments"]["password"]
    assert SECRET not in json.dumps(frame["locals"]["pairs"])


def test_identifiers_can_be_added_and_taken_out():
    def function():
        tenant, session = SECRET, SECRET
        raise LookupError

    got = snapshots(raised(function), redacted_identifiers=["tenant"], excluded_identifiers=["session"])[0]["locals"]
    assert got["tenant"]["not_captured"] == "redacted_identifier"
    assert got["session"]["value"] == repr(SECRET)


def test_types_are_redacted_with_their_module_or_without():
    def function():
        vault = Vault()
        raise LookupError

    for rule in ("Vault", f"{__name__}.*"):
        got = snapshots(raised(function), redacted_types=[rule])[0]["locals"]["vault"]
        assert got["not_captured"] == "redacted_type"
        assert SECRET not in json.dumps(got)


def test_values_that_look_secret_are_redacted_also_in_messages_and_source():
    card = "4111" + " 1111" * 3

    def function():
        note = f"pay with {card}"
        raise LookupError(f"card {card} refused")  # 4111 1111 1111 1111

    error = raised(function)
    got = json.dumps([snapshots(error)[0], occurrence(error)])
    assert card not in got


def test_strict_mode_keeps_numbers_and_shapes_only():
    def function():
        number, text = 5, "open"
        raise LookupError("said openly")

    error = raised(function)
    got = snapshots(error, redaction_mode="strict")[0]["locals"]
    assert got["number"]["value"] == "5"
    assert got["text"]["not_captured"] == "redacted_value"
    assert "said openly" not in json.dumps(occurrence(error, redaction_mode="strict"))


def test_headers_and_addresses_of_requests_are_redacted():
    def function():
        raise LookupError

    request = {
        "method": "POST",
        "url": f"http://a.example/pay?token={SECRET}",
        "headers": {"Authorization": f"Bearer {SECRET}", "Accept": "text/html"},
        "status_code": 500,
    }
    got = occurrence(raised(function), {"request": request, "user_id": "42", "tags": {"password": SECRET}})
    assert SECRET not in json.dumps(got)
    assert got["request"]["method"] == "POST"
    assert got["tags"]["http.request.headers.accept"] == "text/html"
