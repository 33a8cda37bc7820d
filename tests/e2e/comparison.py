"""Compares an event of the API with what the application wrote down itself."""

from __future__ import annotations

from pathlib import Path

from clients import Client, Faults

STRING_CHARACTERS_MAX = 255
ELEMENTS_MAX = 100
FIELDS_MAX = 20
FRAMES_MAX = 8
# A client that prints only the first frames prints 30 of them, some of which are its own.
PRINTED_FRAMES_MIN_WHEN_CUT = 25
# Cut by the clock on a busy machine, which is not for the server to repair.
BY_CLOCK = {"timeout", "concurrent_modification"}
SCOPES = ("globals", "closure", "locals", "arguments")


def case_of(event: dict) -> str:
    """The case that the application named, by the URL, by a tag, or by the name of the span."""
    url = (event["request"] or {}).get("url")
    # An inner span's name begins with the case.
    return url.rsplit("/", 1)[-1] if url else (event["tags"].get("case") or event["resource"]).partition(".")[0]


def plain_type(name: str) -> str:
    return name.removeprefix("builtins.").removeprefix("__main__.")


def app_frames(frames: list[dict]) -> list[dict]:
    """The frames of the application's own files, without the recorder."""
    # Before Python 3.9 the file of the main script is as it was given on the command line.
    own = [frame for frame in frames if "/e2e/apps/" in frame["file"] or ("/" not in frame["file"] and frame["file"].endswith(".py"))]
    return [frame for frame in own if not frame["file"].endswith("truth.py")]


def check_chain(event: dict, truth: dict, faults: Faults) -> None:
    """Types, messages, relations, and functions and lines in order."""
    case = truth["case"]
    got = [(plain_type(exception["type"]), exception["message"], exception["relation"]) for exception in event["exceptions"]]
    want = [(full_type(exception), exception["message"], exception["relation"]) for exception in truth["exceptions"]]
    assert got == want, f"{case}: exceptions differ"
    for exception, expected in zip(event["exceptions"], truth["exceptions"]):
        frames = exception["frames"]
        assert [frame["index"] for frame in frames] == list(range(len(frames))), f"{case}: frames are not numbered from 0"
        got_places, want_places = places(app_frames(frames)), places(expected["frames"])
        if faults.first_frames_only and len(frames) >= PRINTED_FRAMES_MIN_WHEN_CUT:
            want_places = want_places[: len(got_places)]
        assert got_places == want_places, f"{case}: frames of {exception['type']} differ"


def full_type(exception: dict) -> str:
    return plain_type(f"{exception['module']}.{exception['name']}")


def places(frames: list[dict]) -> list[tuple[str, str, int]]:
    return [(Path(frame["file"]).name, frame["function"], frame["line_number"]) for frame in frames]


def check_values(event: dict, truth: dict, client: Client) -> None:
    """Every variable of every captured frame; and that the frames which should be captured are."""
    pairs = [
        (got, want)
        for exception, expected in zip(event["exceptions"], truth["exceptions"])
        for got, want in zip(app_frames(exception["frames"]), expected["frames"])
    ]
    assert event["values"]["state"] == "captured", f"{truth['case']}: {event['values']}"
    missing = [(got["function"], got["values"]["state"]) for got, _ in pairs if got["values"]["state"] != "captured"]
    if len(pairs) <= FRAMES_MAX:
        assert not missing, f"{truth['case']}: frames without values: {missing}"
    else:
        assert {state for _, state in missing} <= {"over_budget"}, f"{truth['case']}: {missing}"
        assert len(pairs) - len(missing) >= FRAMES_MAX - 2, f"{truth['case']}: too few frames with values: {missing}"
    for exception in event["exceptions"]:
        for frame in exception["frames"]:
            assert frame["values"]["reason"] or frame["values"]["state"] == "captured", f"no reason: {frame}"
            if not client.captures_library_frames and not frame["in_app"] and frame["values"]["state"] != "captured":
                assert frame["values"]["state"] == "third_party", f"{frame['file']}: {frame['values']['state']}"
    shared = shared_objects(event)
    for got, want in pairs:
        # One frame that is in a cause's traceback and in its effect's is captured once, with its last line.
        if got["values"]["state"] == "captured" and not got["values"]["earlier_occurrence"]:
            check_frame(f"{truth['case']}: {got['function']}:{got['line_number']}", got["values"], want, client, shared)


def shared_objects(event: dict) -> dict[int, dict]:
    """The objects that are at several places, by their number: the content stands at the first place alone."""
    shared: dict[int, dict] = {}
    frames = [frame["values"] for exception in event["exceptions"] for frame in exception["frames"]]
    waiting = [value for frame in frames for scope in SCOPES for value in (frame.get(scope) or {}).values()]
    while waiting:
        value = waiting.pop()
        if "ref" in value and has_content(value):
            shared[value["ref"]] = value
        waiting += value.get("elements") or []
        waiting += [part for entry in value.get("entries") or [] for part in entry]
        waiting += (value.get("fields") or {}).values()
    return shared


def has_content(value: dict) -> bool:
    return bool(value.keys() & {"value", "elements", "entries", "fields", "not_captured"})


def check_frame(where: str, got: dict, want: dict, client: Client, shared: dict[int, dict]) -> None:
    variables = {**got["globals"], **got["closure"], **got["locals"], **got["arguments"]}
    for name, expected in want["variables"].items():
        if client.faults.cells_missing and name in want["cells"] and name not in variables:
            continue
        assert name in variables, f"{where}: no `{name}` among {sorted(variables)}"
        if name in want["arguments"]:
            assert name in got["arguments"] or name in got["locals"], f"{where}: argument `{name}` is elsewhere"
        check_value(f"{where}: {name}", variables[name], expected, 0, client, shared)


def type_name(want: dict, client: Client) -> str:
    """Ours tells the module of a type, ddtrace does not."""
    return f"{want['module']}.{want['type']}" if client.is_ours and want["module"] != "builtins" else want["type"]


def constructor(want: dict) -> str:
    """A scalar as an expression that makes it again."""
    return want["value"] if want["module"] == "builtins" else f"{want['module']}.{want['value']}"


def check_value(where: str, got: dict, want: dict, depth: int, client: Client, shared: dict[int, dict]) -> None:
    if got.get("ref") in shared and not has_content(got):
        # What is cut there was at that depth.
        got, depth = shared[got["ref"]], depth + client.depth_max
    reason = got.get("not_captured")
    if reason in BY_CLOCK or (want.get("opaque") and not reason):
        return
    want_type = type_name(want, client)
    assert got["type"] == want_type, f"{where}: type {got['type']!r}, not {want_type!r}"
    if want["type"] in client.faults.empty_types and got.get("fields") == {}:
        return
    if reason == "depth":
        assert depth > client.depth_max, f"{where}: cut at depth {depth}"
        return
    if want.get("is_null"):
        assert got.get("is_null") is True, f"{where}: {got} is not null"
    elif "value" in want:
        check_scalar(where, got, constructor(want) if client.is_ours else want["value"])
    elif "elements" in want:
        check_elements(where, got, want, depth, client, shared)
    elif "entries" in want:
        assert reason is None and len(got["entries"]) == min(want["size"], ELEMENTS_MAX), f"{where}: {got}"
        for number, (got_entry, want_entry) in enumerate(zip(got["entries"], want["entries"])):
            check_value(f"{where} key {number}", got_entry[0], want_entry[0], depth + 1, client, shared)
            check_value(f"{where}[{want_entry[0].get('value')}]", got_entry[1], want_entry[1], depth + 1, client, shared)
    elif "fields" in want:
        check_fields(where, got, want["fields"], depth, client, shared)


def check_scalar(where: str, got: dict, want: str) -> None:
    if len(want) <= STRING_CHARACTERS_MAX:
        assert got.get("value") == want and not got.get("truncated"), f"{where}: {got}, not {want}"
    else:
        assert got.get("truncated") is True, f"{where}: {len(want)} characters, not marked as truncated: {got}"
        shown = got["value"].rstrip("'\"").removesuffix("...")
        assert len(shown) >= STRING_CHARACTERS_MAX - 10 and want.startswith(shown), f"{where}: {got['value']!r}"


def check_elements(where: str, got: dict, want: dict, depth: int, client: Client, shared: dict[int, dict]) -> None:
    assert got.get("size") == want["size"], f"{where}: size {got.get('size')}, not {want['size']}"
    assert len(got["elements"]) == min(want["size"], ELEMENTS_MAX), f"{where}: {len(got['elements'])} elements"
    if want["size"] > ELEMENTS_MAX:
        assert got.get("not_captured") == "collection_size", f"{where}: the cut is not marked"
    if want["ordered"]:
        for number, (got_element, want_element) in enumerate(zip(got["elements"], want["elements"])):
            check_value(f"{where}[{number}]", got_element, want_element, depth + 1, client, shared)


def check_fields(where: str, got: dict, want: dict, depth: int, client: Client, shared: dict[int, dict]) -> None:
    if len(want) > FIELDS_MAX:
        assert got.get("not_captured") == "field_count", f"{where}: the cut is not marked: {sorted(got['fields'])}"
    else:
        assert set(got["fields"]) == set(want), f"{where}: fields {sorted(got['fields'])}, not {sorted(want)}"
    for name, field in got["fields"].items():
        check_value(f"{where}.{name}", field, want[name], depth + 1, client, shared)
