"""Thousands of generated frames against a model of what a capture must hold."""

import json
import random

from capturing import raised, start
from reenact import _native

DEPTH_MAX, ITEMS_MAX, TEXT_MAX, FIELDS_MAX = 2, 5, 10, 4


class Thing:
    def __init__(self, attributes):
        self.__dict__.update(attributes)


def generated(draw, depth=0):
    """A value, nested in containers and objects."""
    kind = draw.randrange(12 if depth < 5 else 6)
    size = draw.randrange(8)
    if kind == 0:
        return draw.choice([None, True, False])
    if kind == 1:
        return draw.randrange(-(2 ** draw.randrange(1, 200)), 2**100)
    if kind == 2:
        return draw.choice([0.0, -1.5, 1e300, draw.random(), float("inf")])
    if kind in (3, 4):
        return "".join(draw.choice("ab'\"\\\n\té€😀\x7f") for _ in range(draw.randrange(20)))
    if kind == 5:
        return bytes(draw.randrange(256) for _ in range(draw.randrange(20)))
    if kind in (6, 7):
        return [generated(draw, depth + 1) for _ in range(size)]
    if kind == 8:
        return tuple(generated(draw, depth + 1) for _ in range(size))
    if kind in (9, 10):
        keys = [draw.choice([f"k{index}", index, (index,)]) for index in range(size)]
        return {key: generated(draw, depth + 1) for key in keys}
    return Thing({f"field{index}": generated(draw, depth + 1) for index in range(size)})


def name_of(value):
    return f"{__name__}.Thing" if type(value) is Thing else type(value).__name__


def expected(value, depth=0):
    """What a capture must hold of a value that is found nowhere else."""
    model = {"type": name_of(value)}
    if value is None:
        return {**model, "is_null": True}
    if isinstance(value, (str, bytes)):
        model["value"] = repr(value[:TEXT_MAX])
        if len(value) > TEXT_MAX:
            model.update(size=len(value), truncated=True)
        return model
    if isinstance(value, (bool, int, float)):
        return {**model, "value": repr(value)}
    if isinstance(value, Thing):
        if depth > DEPTH_MAX:
            return {**model, "not_captured": "depth"}
        fields = list(vars(value).items())
        model["fields"] = {name: expected(field, depth + 1) for name, field in fields[:FIELDS_MAX]}
        if len(fields) > FIELDS_MAX:
            model.update(size=len(fields), not_captured="field_count")
        return model
    model["size"] = len(value)
    if depth > DEPTH_MAX and value:
        return {**model, "not_captured": "depth"}
    if isinstance(value, dict):
        entries = list(value.items())[:ITEMS_MAX]
        model["entries"] = [[expected(key, depth + 1), expected(entry, depth + 1)] for key, entry in entries]
    else:
        model["elements"] = [expected(element, depth + 1) for element in value[:ITEMS_MAX]]
    if len(value) > ITEMS_MAX:
        model["not_captured"] = "collection_size"
    return model


def without_references(captured):
    """Objects stand once in a generated value, but for keys that the interpreter shares."""
    if isinstance(captured, dict):
        return {name: without_references(value) for name, value in captured.items() if name != "ref"}
    if isinstance(captured, list):
        return [without_references(value) for value in captured]
    return captured


def test_a_capture_holds_what_the_frame_held():
    start(
        depth_max=DEPTH_MAX,
        items_max=ITEMS_MAX,
        text_max=TEXT_MAX,
        fields_max=FIELDS_MAX,
        capture_bytes_max=16 << 20,
        # Generated texts can look like anything; what is redacted is the subject of other tests.
        excluded_identifiers=["key"],
    )
    draw = random.Random(5)

    def function(one, two):
        three = [two]
        raise LookupError

    for _ in range(3_000):
        one, two = generated(draw), generated(draw)
        frame = json.loads(_native._captured_json(raised(function, one, two)))["snapshots"][0]
        got = without_references(frame["arguments"])
        assert got == {"one": expected(one), "two": expected(two)}


def test_limits_hold_for_every_generated_value():
    draw = random.Random(7)

    def function(value):
        raise LookupError

    def measured(captured, depth=0):
        inner = list(captured.get("fields", {}).values()) + captured.get("elements", [])
        inner += [value for entry in captured.get("entries", []) for value in entry]
        assert len(captured.get("elements", [])) <= ITEMS_MAX
        assert len(captured.get("entries", [])) <= ITEMS_MAX
        assert len(captured.get("fields", {})) <= FIELDS_MAX
        assert depth <= DEPTH_MAX + 1
        return 1 + sum(measured(value, depth + 1) for value in inner)

    start(depth_max=DEPTH_MAX, items_max=ITEMS_MAX, fields_max=FIELDS_MAX, capture_bytes_max=4_096)
    for _ in range(1_000):
        value = [generated(draw) for _ in range(10)]
        frames = json.loads(_native._captured_json(raised(function, value)))["snapshots"]
        assert measured(frames[0]["arguments"]["value"]) < 100
