"""Values as they were at the raise, before `finally`, `with` and `except` have run."""

import copy
import json
import pickle
import random

import pytest
from capturing import raised, short, start
from moments import FAST, cleaned, counts, frames, needs_monitoring, watch

from reenact import _native

pytestmark = [needs_monitoring, pytest.mark.usefixtures("unwatched")]


def test_values_are_those_before_finally_and_exit_ran():
    watch()
    got = frames(raised(cleaned, [1, 2, 3]))
    now, at_raise, _ = got["spend"]
    assert now["resource"][1]["state"] == "'closed'"
    assert at_raise["resource"][1]["state"] == "'open'"
    assert (now["kept"], at_raise["kept"]) == ([], ["1", "2"])
    # What is the same is not sent twice.
    assert set(at_raise) == {"resource", "kept"}
    assert set(got["cleaned"][1]) == {"buffer"}


def test_without_watching_values_are_those_of_the_hook():
    start(**FAST)
    assert _native.watch() == "off"
    assert frames(raised(cleaned, [1]))["spend"][1] == {}


def test_a_name_that_the_handler_deletes_is_there():
    watch()

    def function():
        try:
            int("x")
        except ValueError as problem:
            again = problem
            raise LookupError("second")

    now, at_raise, _ = frames(raised(function))["function"]
    assert "problem" not in now and at_raise["problem"][0] == "ValueError"


def test_rebound_and_nested_values_are_compared_to_the_bottom():
    watch()

    def function():
        deep = {"a": [{"b": [1]}]}
        same = {"a": [{"b": [1]}]}
        number = 1
        try:
            raise LookupError
        finally:
            deep["a"][0]["b"].append(2)
            number = 2

    now, at_raise, _ = frames(raised(function))["function"]
    assert set(at_raise) == {"deep", "number"}
    assert at_raise["number"] == "1" and now["number"] == "2"


def test_shared_and_cyclic_objects_are_told_once_with_numbers_of_their_own():
    watch()

    def function():
        ring = []
        ring.append(ring)
        left = right = [ring]
        try:
            raise LookupError
        finally:
            ring.append("later")

    error = raised(function)
    [snapshot] = [s for s in json.loads(_native._captured_json(error))["snapshots"] if s["function"] == "function"]
    at_raise = snapshot["details"]["at_raise"]
    assert set(at_raise) == {"ring", "left", "right"}
    later = json.dumps(snapshot["locals"])
    numbers = {one["ref"] for one in at_raise.values()}
    assert len(numbers) == 2 and not any(f'"ref": {number}' in later for number in numbers)
    assert sum("elements" in one for one in at_raise.values()) == 2


def test_a_callee_of_a_library_is_followed_to_the_frames_of_the_service():
    watch()

    def function(text):
        position = [0]
        try:
            json.loads(text)
        finally:
            position.append(1)

    assert set(frames(raised(function, "{"))["function"][1]) == {"position"}


@pytest.mark.parametrize("kind", [StopIteration, StopAsyncIteration, GeneratorExit])
def test_ends_of_iterations_are_not_looked_at(kind):
    watch()

    def function():
        raise kind

    raised(function)
    assert counts()["raises_captured"] == 0


def test_questions_of_libraries_are_not_looked_at():
    watch()
    import string

    with pytest.raises(KeyError):
        string.Template("$a").substitute({})
    assert counts()["raises_captured"] == 0


def test_an_exception_is_captured_once_however_many_frames_it_passes():
    watch()

    def deep(level):
        if level == 0:
            raise LookupError
        try:
            deep(level - 1)
        finally:
            level = -level

    error = raised(deep, 20)
    assert counts()["raises_captured"] == 1
    got = json.loads(_native._captured_json(error))["snapshots"]
    deep_ones = [(s["arguments"]["level"]["value"], s["details"].get("at_raise", {})) for s in got if s["function"] == "deep"]
    assert [(value, short(at["level"]) if at else None) for value, at in deep_ones][:3] == [("0", None), ("-1", "1"), ("-2", "2")]


def test_a_place_that_raises_often_is_looked_at_ever_more_rarely():
    watch()

    def function():
        local = [1]
        raise LookupError(local)

    for _ in range(1000):
        raised(function)
    # The first four, and the 8th, 16th … 512th.
    assert counts()["raises_captured"] == 11
    # An exception that was reported without values of its raise gives its place the next turn.
    _native.capture(raised(function), {"force": True})
    before = counts()["raises_captured"]
    raised(function)
    assert counts()["raises_captured"] == before + 1


def test_what_was_handled_is_dropped():
    watch()

    def function(index):
        local = [index]
        exec(compile("raise LookupError", f"<{index}>", "exec"))

    for index in range(200):
        raised(function, index)
        assert counts()["raises_kept"] == 0
    kept = [raised(function, 1000 + index) for index in range(30)]
    assert counts()["raises_kept"] == 30
    del kept
    assert counts()["raises_kept"] == 0


def test_kept_exceptions_are_bounded():
    start(**FAST, cpu_share=100)
    assert _native.watch(at_raise=True) is None
    codes = [compile("raise LookupError", f"<{index}>", "exec") for index in range(300)]
    kept = [raised(exec, code) for code in codes]
    assert counts()["raises_kept"] <= 64
    del kept


def test_an_id_that_is_used_again_is_not_taken_for_the_exception_before():
    watch()

    def function(index):
        marker = [index]
        try:
            raise LookupError
        finally:
            marker.append("later")

    seen = 0
    for index in range(50):
        error = raised(function, index)
        _, at_raise, _ = frames(error)["function"]
        assert at_raise in ({}, {"marker": [str(index)]})
        seen += bool(at_raise)
        del error
    assert seen > 4


def test_the_mark_becomes_a_text_when_it_is_copied():
    watch()

    def function():
        raise LookupError(1)

    error = raised(function)
    mark = error.__dict__["__reenact_capture__"]
    assert isinstance(mark, str) and len(mark) == 32 and type(mark) is not str
    for made in (pickle.loads(pickle.dumps(error)), copy.deepcopy(error)):
        assert type(made.__dict__["__reenact_capture__"]) is str
        assert made.__dict__ == error.__dict__
    assert json.loads(json.dumps(error.__dict__)) == error.__dict__
    capture = _native.capture(error)
    assert capture.exception_id == mark and capture.first
    assert not _native.capture(error).first


def test_an_exception_that_is_raised_again_keeps_its_first_values():
    watch()

    def function():
        state = ["first"]
        try:
            raise LookupError
        except LookupError as error:
            state.append("second")
            raise error

    now, at_raise, _ = frames(raised(function))["function"]
    assert (now["state"], at_raise["state"]) == (["'first'", "'second'"], ["'first'"])


def test_each_exception_of_a_chain_has_the_values_of_its_raise():
    watch()

    def root():
        step = [1]
        try:
            raise KeyError("root")
        finally:
            step.append(2)

    def outer():
        step = [10]
        try:
            root()
        except KeyError as error:
            step.append(20)
            try:
                raise ValueError from error
            finally:
                step.append(30)

    got = frames(raised(outer))
    assert got["root"][1]["step"] == ["1"]
    assert got["outer"][1]["step"] == ["10", "20"]


def test_generated_programs_have_the_values_of_their_raise():
    """Each function notes its variables just before it raises or calls on, and changes them on the way out."""
    start(**FAST, text_max=1000)
    assert _native.watch(at_raise=True) is None
    chance = random.Random(1)
    for number in range(150):
        depth = chance.randint(1, 6)
        lines = ["expected = {}"]
        for level in range(depth):
            names = [f"v{index}" for index in range(chance.randint(1, 5))]
            lines.append(f"def f{level}():")
            lines += [f"    {name} = {chance.choice(['[1, 2]', '{1: [2]}', '7', repr('text'), '(1, [2])', '{3}'])}" for name in names]
            lines.append("    try:")
            lines.append(f"        expected['f{level}'] = {{{', '.join(f'{name!r}: repr({name})' for name in names)}}}")
            lines.append("        " + ("raise LookupError" if level == depth - 1 else f"f{level + 1}()"))
            lines.append("    finally:")
            changed = [name for name in names if chance.random() < 0.5]
            lines += [f"        {name} = [{name}, 'changed']" for name in changed] or ["        pass"]
        space = {"__name__": f"generated{number}"}
        exec(compile("\n".join(lines), f"/srv/generated{number}.py", "exec"), space)
        error = raised(space["f0"])
        for snapshot in json.loads(_native._captured_json(error))["snapshots"]:
            wanted = space["expected"].get(snapshot["function"])
            if wanted is None:
                continue
            at_raise = snapshot["details"].get("at_raise", {})
            values = {**snapshot["locals"], **at_raise}
            assert {name: plain(values[name]) for name in wanted} == wanted
            later = {name for name, value in snapshot["locals"].items() if "'changed'" in plain(value)}
            assert set(at_raise) == later


def plain(value):
    """A captured value as `repr` has it: lists, dicts, tuples, sets and scalars."""
    if "value" in value:
        return value["value"]
    if "entries" in value:
        return "{" + ", ".join(f"{plain(key)}: {plain(one)}" for key, one in value["entries"]) + "}"
    inner = ", ".join(plain(one) for one in value["elements"])
    return {"list": f"[{inner}]", "tuple": f"({inner})", "set": f"{{{inner}}}"}[value["type"]]


def test_the_rate_of_looks_is_limited():
    start(**{**FAST, "raises_per_second": 1})
    assert _native.watch(at_raise=True) is None
    for index in range(100):
        raised(exec, compile("raise LookupError", f"<{index}>", "exec"))
    assert counts()["raises_captured"] <= 10
    start(**{**FAST, "raises_per_second": 0})
    assert _native.watch(at_raise=True) is None
    raised(cleaned, [1])
    assert counts()["raises_captured"] == 0
