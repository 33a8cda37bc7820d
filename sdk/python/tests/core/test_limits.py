"""Limits, what they say where they cut, identity, and what a frame shows."""

import abc
import decimal
import json
import pathlib
import sys
import time
import uuid

import pytest
from capturing import local, occurrence, raised, short, snapshots


class Node:
    def __init__(self, **attributes):
        self.__dict__.update(attributes)


def test_nesting_is_followed_to_the_limit():
    got = local([[[[[1]]]]])
    assert short(got) == [[[[("list", "depth")]]]]
    assert got["elements"][0]["elements"][0]["elements"][0]["elements"][0]["size"] == 1
    assert short(local([[[[[1]]]]], depth_max=0)) == [("list", "depth")]


def test_elements_entries_and_fields_are_counted():
    got = local(list(range(250)))
    assert (len(got["elements"]), got["size"], got["not_captured"]) == (100, 250, "collection_size")
    got = local({index: index for index in range(101)})
    assert (len(got["entries"]), got["size"], got["not_captured"]) == (100, 101, "collection_size")
    got = local(set(range(1000)))
    assert (len(got["elements"]), got["size"], got["not_captured"]) == (100, 1000, "collection_size")
    got = local(Node(**{f"a{index}": index for index in range(25)}))
    assert (len(got["fields"]), got["size"], got["not_captured"]) == (20, 25, "field_count")
    got = local(list(range(100)))
    assert (len(got["elements"]), got.get("not_captured")) == (100, None)


def test_a_set_that_lost_most_of_its_elements_is_looked_at_in_bounded_time():
    value = set(range(1_000_000))
    for index in range(999_990):
        value.discard(index)
    got = local(value)
    assert got["size"] == 10
    assert len(got["elements"]) == 10 or got["not_captured"] == "collection_size"


def test_texts_are_cut_and_tell_their_length():
    got = local("x" * 300)
    assert (got["value"], got["size"], got["truncated"]) == ("'" + "x" * 255 + "'", 300, True)
    got = local(b"x" * 300)
    assert (got["value"], got["size"], got["truncated"]) == ("b'" + "x" * 255 + "'", 300, True)
    got = local(16**2000)
    assert (got["size"], got["truncated"]) == (2001, True)
    assert got["value"] == "0x1" + "0" * 254
    got = local("x" * 255)
    assert "truncated" not in got and "size" not in got


def test_large_values_cost_no_more_than_small_ones():
    numbers, text = [None] * 10_000_000, "x" * 1_000_000_000
    mapping = dict.fromkeys(range(1_000_000))
    begun = time.process_time()
    got = [local(value, time_budget_ms=2) for value in (numbers, text, mapping)]
    assert time.process_time() - begun < 0.5
    assert [value["size"] for value in got] == [10_000_000, 1_000_000_000, 1_000_000]


def test_time_runs_out_with_what_there_is_by_then():
    value = [[list(range(100)) for _ in range(100)] for _ in range(100)]
    got = local(value, time_budget_ms=0.02)
    assert '"timeout"' in json.dumps(got)
    assert '"timeout"' not in json.dumps(local(value[:2]))


def test_the_time_runs_out_while_the_columns_of_a_table_are_looked_for():
    numpy = pytest.importorskip("numpy")
    pandas = pytest.importorskip("pandas")
    got = local(pandas.DataFrame(numpy.zeros((1, 9_000))), time_budget_ms=0.01)["fields"]["(columns)"]
    assert (got["size"], got["entries"], got["not_captured"]) == (9_000, [], "timeout")


def test_columns_of_a_table_are_looked_for_among_a_bounded_number():
    numpy = pytest.importorskip("numpy")
    pandas = pytest.importorskip("pandas")

    def columns(width):
        table = pandas.DataFrame(numpy.zeros((1, width)))
        # A block of its own, behind that of the others.
        table.insert(0, "first", [7])
        got = local(table)["fields"]["(columns)"]
        assert got["size"] == width + 1
        return {key["value"]: value for key, value in got["entries"]}

    assert short(columns(9_999)["'first'"]["fields"]["(data)"]) == ["7"]
    wide = columns(10_000)
    assert (wide["'first'"]["not_captured"], short(wide["0"]["fields"]["(data)"])) == ("limit", ["0.0"])


def test_a_capture_has_a_limit_in_bytes():
    value = [["x" * 200] * 1 + [str(index) * 50 for index in range(100)] for _ in range(100)]
    got = local(value, capture_bytes_max=20_000)
    reasons = {element.get("not_captured") for element in got["elements"]} | {got.get("not_captured")}
    assert "limit" in reasons


def test_an_object_that_appears_again_is_told_by_its_number():
    shared = [1]
    got = local([shared, shared, {"k": shared}])
    first, second, third = got["elements"]
    assert short(first) == ["1"]
    assert first["ref"] == second["ref"] == third["entries"][0][1]["ref"]
    assert "elements" not in second and "not_captured" not in second


def test_cycles_end():
    value = [1]
    value.append(value)
    got = local(value)
    assert got["ref"] == got["elements"][1]["ref"]
    mapping = {}
    mapping["self"] = mapping
    assert local(mapping)["entries"][0][1]["ref"]
    node = Node()
    node.node = node
    assert local(node)["fields"]["node"]["ref"]


def test_objects_are_known_across_frames():
    def inner(order):
        raise LookupError

    def outer():
        order = Node(total=5)
        inner(order)

    deep, shallow = snapshots(raised(outer))[:2]
    assert deep["arguments"]["order"]["fields"]["total"]["value"] == "5"
    assert shallow["locals"]["order"] == {"type": f"{__name__}.Node", "ref": deep["arguments"]["order"]["ref"]}


COUNTED = {"one": 1}
UNUSED = {"two": 2}


def test_a_frame_tells_arguments_locals_closure_and_globals_apart():
    free, unused = "free", "unused"

    def function(only, /, plain, *args, named, default=5, **kwargs):
        mine = [free]
        unset = 1
        del unset

        def inner():
            return mine, plain

        COUNTED["one"] += len
        return inner

    frame = snapshots(raised(function, 1, 2, 3, named=4, key="k"))[0]
    assert list(frame["arguments"]) == ["only", "plain", "named", "default", "args", "kwargs"]
    assert short(frame["arguments"]["kwargs"]) == [("'key'", "'k'")]
    assert {"mine", "inner"} <= set(frame["locals"])
    assert "unset" not in frame["locals"]
    assert list(frame["closure"]) == ["free"]
    assert list(frame["globals"]) == ["COUNTED"]
    assert [(parameter["name"], parameter["kind"]) for parameter in frame["details"]["parameters"]] == [
        ("only", "positional_only"),
        ("plain", "positional"),
        ("args", "var_positional"),
        ("named", "keyword_only"),
        ("default", "keyword_only"),
        ("kwargs", "var_keyword"),
    ]


def test_a_frame_tells_where_it_is():
    def function():
        return 1 + COUNTED["missing"]

    frame = snapshots(raised(function))[0]
    details = frame["details"]
    assert details["module"] == __name__
    lines = details["source"]["lines"]
    assert lines[frame["line_number"] - details["source"]["first_line"]].strip() == 'return 1 + COUNTED["missing"]'
    assert len(details["source"]["file_hash"]) == 32
    assert details["code"]["first_line"] == function.__code__.co_firstlineno
    if sys.version_info >= (3, 11):
        assert details["qualified_name"].endswith("<locals>.function")
        start, end = details["code"]["columns"]
        assert lines[frame["line_number"] - details["source"]["first_line"]][start:end] == 'COUNTED["missing"]'
    assert details["runtime"]["version"] == ".".join(map(str, sys.version_info[:3]))


def test_class_bodies_and_modules_are_frames_too():
    source = "LIMIT = 5\nclass A:\n    inner = [LIMIT]\n    raise LookupError\n"
    error = raised(exec, compile(source, "<made>", "exec"), {"__name__": "made"})
    body, module = snapshots(error)[:2]
    assert short(body["locals"]["inner"]) == ["5"]
    assert short(module["globals"]["LIMIT"]) == "5"


def test_generators_and_comprehensions_are_frames_too():
    def numbers(limit):
        for index in range(limit):
            yield 1 // (2 - index)

    def collect():
        factor = 3
        return [factor * number for number in numbers(5)]

    frames = snapshots(raised(collect))
    assert frames[0]["function"] == "numbers"
    assert short(frames[0]["locals"]["index"]) == "2"
    assert any("factor" in {**frame.get("locals", {}), **frame.get("closure", {})} for frame in frames[1:])


def recurse(depth):
    if depth == 0:
        raise LookupError
    recurse(depth - 1)


def test_frames_are_limited_to_those_nearest_to_the_raise():
    frames = snapshots(raised(recurse, 50))
    assert [frame["arguments"]["depth"]["value"] for frame in frames] == [str(depth) for depth in range(8)]
    assert len(snapshots(raised(recurse, 50), frames_max=3)) == 3


def test_frames_of_libraries_carry_values_on_request_only():
    import json

    error = raised(json.loads, "{")
    assert {frame["function"] for frame in snapshots(error)} == {"raised"}
    assert "decode" in {frame["function"] for frame in snapshots(error, capture_third_party=True)}
    frames = occurrence(error)["exceptions"][0]["frames"]
    assert [frame["in_app"] for frame in frames][:2] == [True, False]


class Wordy(Exception):
    def __str__(self):
        raise AssertionError("the application's code must not run")


class Quiet(Exception):
    pass


@pytest.mark.parametrize(
    "error",
    [
        ValueError(),
        ValueError("text"),
        ValueError("a", 1, None, [1, "x"], {"k": (1,)}),
        ValueError(5),
        ValueError(["it's", {"a"}]),
        KeyError("k"),
        KeyError(("a", 1)),
        KeyError("a", "b"),
        Quiet("quiet"),
        Quiet(ValueError("inner")),
        OSError(2, "No such file", "a b"),
        OSError(2, "No such file", "a", None, "b"),
        OSError("text"),
        ImportError("no module"),
        SyntaxError("bad", ("/a/b.py", 3, 1, "x")),
        SyntaxError("bad"),
        UnicodeDecodeError("utf-8", b"a\xff", 1, 2, "invalid start byte"),
        UnicodeDecodeError("utf-8", b"a\xff\xff", 1, 3, "invalid"),
        UnicodeEncodeError("ascii", "aé", 1, 2, "ordinal not in range(128)"),
        UnicodeEncodeError("ascii", "a\U0001f600", 1, 2, "ordinal"),
        AttributeError("no attribute"),
        StopIteration(3),
        ZeroDivisionError("division by zero"),
        RecursionError("deep"),
        KeyError(int),
        KeyError(Quiet),
        KeyError([decimal.DivisionByZero, abc.ABC]),
        decimal.DivisionByZero([decimal.DivisionByZero]),
        KeyError(decimal.Decimal("1.10")),
        KeyError(uuid.UUID(int=5)),
        KeyError(pathlib.PurePosixPath("/srv/data")),
    ],
    ids=repr,
)
def test_a_message_is_the_one_that_python_prints(error):
    def function():
        raise error

    got = occurrence(raised(function))["exceptions"][-1]
    assert got["message"] == str(error)


def test_a_message_that_the_application_makes_is_made_of_the_arguments():
    def function():
        raise Wordy("a", 1)

    got = occurrence(raised(function))
    assert got["exceptions"][0]["message"] == "('a', 1)"
    assert got["exceptions"][0]["type_name"] == f"{__name__}.Wordy"
    assert "__str__" in got["warnings"][0]


def test_the_chain_is_told_root_cause_first():
    def first():
        one = 1
        raise KeyError("root")

    def second():
        two = 2
        try:
            first()
        except KeyError:
            raise Quiet("context")

    def third():
        try:
            second()
        except Quiet as error:
            raise ValueError("outer") from error

    error = raised(third)
    exceptions = occurrence(error)["exceptions"]
    assert [(exception["message"], exception.get("relation")) for exception in exceptions] == [
        ("'root'", "context"),
        ("context", "cause"),
        ("outer", None),
    ]
    frames = snapshots(error)
    assert [frame["function"] for frame in frames[:3]] == ["first", "second", "third"]
    # The frame of `second` stands in two tracebacks, with the same snapshot.
    ids = {frame["snapshot_id"] for exception in exceptions for frame in exception["frames"] if frame["function"] == "second"}
    assert len(ids) == 1


def test_a_suppressed_context_and_a_chain_with_a_cycle():
    def function():
        try:
            raise KeyError("hidden")
        except KeyError:
            raise ValueError("shown") from None

    assert len(occurrence(raised(function))["exceptions"]) == 1
    one, two = ValueError("one"), ValueError("two")
    one.__context__, two.__context__ = two, one
    assert len(occurrence(one)["exceptions"]) == 2


@pytest.mark.skipif(sys.version_info < (3, 11), reason="groups and notes came with Python 3.11")
def test_groups_show_their_members_and_notes():
    def member(number):
        raise ValueError(f"member {number}")

    def function():
        errors = [raised(member, 1), raised(member, 2)]
        group = ExceptionGroup("several", errors)  # noqa: F821
        group.add_note("noted")
        raise group

    got = occurrence(raised(function))["exceptions"]
    assert len(got) == 1
    assert (got[0]["message"], got[0]["notes"]) == ("several (2 sub-exceptions)", ["noted"])
    assert [inner["message"] for inner in got[0]["members"]] == ["member 1", "member 2"]
    assert all(inner["frames"][-1]["snapshot_id"] for inner in got[0]["members"])


def test_the_exception_shows_its_attributes():
    class Refused(Exception):
        def __init__(self, order):
            super().__init__("refused")
            self.order = order

    def function():
        raise Refused(Node(total=7))

    got = snapshots(raised(function))[0]["locals"]["(exception)"]
    assert got["form"] == "exception"
    assert short(got)[1]["order"][1] == {"total": "7"}
