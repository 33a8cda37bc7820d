"""Values ahead of the hook: at the raise, and when a function is entered."""

import asyncio
import contextlib
import copy
import gc
import json
import os
import pickle
import random
import sys
import threading
import weakref

import pytest
from capturing import raised, short, start

from reenact import _native

pytestmark = pytest.mark.skipif(sys.version_info < (3, 12), reason="sys.monitoring is there from 3.12 on")

FAST = {"captures_per_second": 1e6, "novel_burst": 1e6, "novel_per_second": 1e6, "queue_captures_max": 1000, "raises_per_second": 1e6}


@pytest.fixture(autouse=True)
def _unwatched():
    yield
    assert _native.status()["internal_errors"] == 0
    _native.watch()
    assert [sys.monitoring.get_tool(tool) for tool in (3, 4)] == [None, None]


def watch(**options):
    start(**FAST)
    assert _native.watch(**(options or {"at_raise": True})) is None


def counts():
    return _native.status()["monitoring"]


def frames(error):
    """The captured frames by function: values when seen, at the raise, at entry."""
    found = {}
    for snapshot in json.loads(_native._captured_json(error))["snapshots"]:
        details = snapshot["details"]
        now = {**snapshot.get("arguments", {}), **snapshot.get("locals", {})}
        groups = (now, details.get("at_raise") or {}, details.get("at_entry") or {})
        found.setdefault(snapshot["function"], tuple({k: short(v) for k, v in group.items()} for group in groups))
    return found


class Resource:
    def __init__(self):
        self.state = "open"

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.state = "closed"


def spend(orders, kept):
    with Resource() as resource:
        total = 0
        while orders:
            total += orders.pop()
        raise ValueError(total)


def cleaned(orders):
    buffer = [1, 2]
    try:
        spend(orders, buffer)
    finally:
        buffer.clear()


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
    assert sum("elements" in one for one in at_raise.values()) <= 2


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


def test_no_code_of_the_application_runs():
    calls = []

    def called(name):
        def method(self, *args, **kwargs):
            calls.append(name)
            raise SystemExit(name)

        return method

    names = [
        "__repr__",
        "__str__",
        "__hash__",
        "__eq__",
        "__bool__",
        "__len__",
        "__iter__",
        "__getattr__",
        "__getattribute__",
        "__reduce_ex__",
    ]
    hooks = {name: called(name) for name in names}
    hooks["__class__"] = hooks["__dict__"] = property(called("property"))
    bases = [object, dict, list, tuple, str, int, Exception]
    subjects = [base.__new__(type("Hostile", (base,), dict(hooks))) for base in bases]
    hostile = type("HostileError", (Exception,), {**hooks, "__traceback__": property(called("traceback"))})
    watch(at_raise=True, second_chance=True, handled_modules=["*"])

    def function(argument, *args, key):
        local = [argument, {1: argument}]
        try:
            raise BaseException.__new__(hostile)
        finally:
            local.append(1)

    try:
        for subject in subjects:
            for _ in range(3):
                try:
                    function(subject, subject, key=subject)
                except Exception as error:
                    assert _native.capture(error, {"force": True}).captured
                    _native._captured_json(error)
    finally:
        assert calls == []
    assert counts()["entries_captured"] > 0 and counts()["raises_captured"] > 0


def test_keys_of_exceptions_are_not_compared():
    watch()

    class Key:
        def __hash__(self):
            return hash("__reenact_capture__")

        def __eq__(self, other):
            raise SystemExit("compared")

    def function():
        error = LookupError()
        error.__dict__[Key()] = 1
        raise error

    assert len(raised(function).__dict__) == 1
    assert counts()["raises_kept"] == 0


def test_no_object_is_kept():
    watch(at_raise=True, second_chance=True, handled_modules=["*"])

    class Held:
        pass

    def function(argument):
        local = [argument]
        raise LookupError

    held = Held()
    reference, count = weakref.ref(held), sys.getrefcount(held)
    for _ in range(300):
        error = raised(function, held)
        _native.capture(error, {"force": True})
        del error
    assert sys.getrefcount(held) == count
    del held
    assert reference() is None
    assert counts()["raises_kept"] == 0


def test_memory_is_flat():
    watch(at_raise=True, second_chance=True)

    def function(argument):
        local = list(argument)
        raise LookupError(local)

    def rounds(number):
        for index in range(number):
            error = raised(function, [1, 2, 3])
            if index % 3 == 0:
                _native.capture(error, {"force": True, "own_event": False})
            del error
        gc.collect()
        return len(gc.get_objects())

    rounds(2_000)
    before = rounds(2_000)
    assert abs(rounds(20_000) - before) < 100


def test_arguments_are_those_at_entry_once_the_function_has_raised():
    watch(second_chance=True)
    first = raised(cleaned, [1, 2, 3])
    assert _native.capture(first).captured
    assert frames(first)["spend"][2] == {}
    assert (counts()["functions_armed"], counts()["entries_captured"]) == (1, 0)
    second = raised(cleaned, [4, 5])
    now, at_raise, at_entry = frames(second)["spend"]
    assert at_entry == {"orders": ["4", "5"], "kept": ["1", "2"]}
    assert (now["orders"], at_raise) == ([], {})
    assert sys.monitoring.get_events(counts()["tool_id"]) == sys.monitoring.events.RAISE


def test_other_functions_are_not_watched():
    watch(second_chance=True)
    _native.capture(raised(cleaned, [1]))
    tool = counts()["tool_id"]
    local = sys.monitoring.get_local_events
    assert local(tool, spend.__code__) == sys.monitoring.events.PY_START | sys.monitoring.events.PY_RETURN
    assert local(tool, cleaned.__code__) == 0
    before = counts()["entries_captured"]
    for _ in range(10):
        Resource()
    assert counts()["entries_captured"] == before
    _native.watch()
    assert local(tool, spend.__code__) == 0


def test_each_call_of_a_recursion_has_its_own_arguments():
    watch(second_chance=True)

    def descend(path, level):
        if level == 0:
            path.clear()
            raise LookupError
        path = [*path, level]
        descend(path, level - 1)

    _native.capture(raised(descend, ["a"], 3))
    error = raised(descend, ["b"], 3)
    got = [s["details"].get("at_entry") for s in json.loads(_native._captured_json(error))["snapshots"] if s["function"] == "descend"]
    paths = [short(one["path"]) for one in got]
    assert paths == [["'b'", "3", "2", "1"], ["'b'", "3", "2"], ["'b'", "3"], ["'b'"]]
    assert [short(one["level"]) for one in got] == ["0", "1", "2", "3"]


def test_generators_keep_their_arguments_while_they_wait():
    watch(at_raise=True, second_chance=True)

    def produce(items):
        while items:
            yield items.pop()
        raise LookupError

    def consume(generator):
        for _ in generator:
            pass

    _native.capture(raised(consume, produce([0])))
    first, second = produce([1, 2]), produce([3, 4])
    next(first), next(second)
    assert frames(raised(consume, second))["produce"][2] == {"items": ["3", "4"]}
    assert frames(raised(consume, first))["produce"][2] == {"items": ["1", "2"]}
    closed = produce([5])
    next(closed)
    closed.close()
    fresh = produce([6])
    assert frames(raised(fresh.throw, LookupError("thrown"))) is not None


def test_tasks_keep_their_arguments_while_they_wait():
    watch(at_raise=True, second_chance=True)

    async def work(items, gate):
        await gate.wait()
        taken = items.pop()
        try:
            raise LookupError
        finally:
            taken = None

    async def main():
        gate = asyncio.Event()
        tasks = [asyncio.ensure_future(work([number], gate)) for number in range(10)]
        await asyncio.sleep(0)
        gate.set()
        return await asyncio.gather(*tasks, return_exceptions=True)

    _native.capture(asyncio.run(main())[0])
    for number, error in enumerate(asyncio.run(main())):
        now, at_raise, at_entry = frames(error)["work"]
        assert at_entry["items"] == [str(number)]
        assert at_raise.get("taken") in (str(number), None)


def test_a_function_is_disarmed_after_its_time():
    watch(second_chance=True)

    def function(argument):
        if argument:
            raise LookupError

    _native.capture(raised(function, [1]))
    tool = counts()["tool_id"]
    assert sys.monitoring.get_local_events(tool, function.__code__)
    for _ in range(100_001):
        function(0)
    assert sys.monitoring.get_local_events(tool, function.__code__) == 0
    assert (counts()["functions_armed"], sys.monitoring.get_events(tool)) == (0, 0)
    _native.capture(raised(function, [1]), {"force": True})
    assert counts()["functions_armed"] == 1


def test_calls_that_return_are_sent_ever_more_rarely():
    watch(second_chance=True)

    def function(argument):
        if argument is None:
            raise LookupError
        return argument

    _native.capture(raised(function, None))
    sent = []
    for number in range(1, 1001):
        before = counts()["calls_sent"]
        function([number])
        sent += [number] * (counts()["calls_sent"] - before)
        if len(sent) % 8 == 0:
            _native.flush(0.01)
    assert sent[:8] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert 20 < len(sent) < 40


def test_at_most_eight_functions_are_armed():
    watch(second_chance=True)
    for index in range(20):
        space = {}
        exec(compile("def function(argument):\n raise LookupError", f"<{index}>", "exec"), space)
        _native.capture(raised(space["function"], 1), {"force": True})
    assert (counts()["functions_armed"], counts()["functions_armed_total"]) == (8, 20)


def test_handled_exceptions_of_some_modules_are_reported():
    contexts = []

    def context():
        contexts.append(1)
        return {"mechanism": "handled", "handled": True, "resource": "job"}

    watch(handled_modules=[__name__], context=context)

    def function():
        local = [1]
        try:
            raise LookupError(local)
        except LookupError:
            local.clear()

    function()
    assert (counts()["handled_reported"], len(contexts)) == (1, 1)
    # One that a hook sees is that hook's event.
    error = raised(spend, [1], [])
    _native.capture(error)
    del error
    assert counts()["handled_reported"] == 1
    space = {"__name__": "elsewhere"}
    exec("def other():\n try:\n  raise LookupError\n except LookupError:\n  pass", space)
    space["other"]()
    assert counts()["handled_reported"] == 1


def test_a_handled_exception_that_led_to_another_is_no_event_of_its_own():
    watch(handled_modules=[__name__])

    def function():
        try:
            raise KeyError
        except KeyError as error:
            raise ValueError from error

    error = raised(function)
    _native.capture(error)
    del error
    gc.collect()
    assert counts()["handled_reported"] == 0


def test_it_gives_up_when_the_tool_ids_are_taken():
    start()
    for tool in (3, 4):
        sys.monitoring.use_tool_id(tool, "other")
    try:
        assert "in use" in _native.watch(at_raise=True)
        assert raised(cleaned, [1]).__dict__ == {}
        assert [sys.monitoring.get_tool(tool) for tool in (3, 4)] == ["other", "other"]
    finally:
        sys.monitoring.free_tool_id(4)
    try:
        assert _native.watch(at_raise=True) is None
        assert counts()["tool_id"] == 4
    finally:
        _native.watch()
        sys.monitoring.free_tool_id(3)


def test_it_may_be_switched_on_and_off():
    start(**FAST)
    for _ in range(20):
        assert _native.watch(at_raise=True, second_chance=True) is None
        _native.capture(raised(cleaned, [1]), {"force": True})
        assert _native.watch() == "off"
        assert sys.monitoring.get_tool(4) is None


def test_other_tools_see_what_they_saw():
    seen = []
    sys.monitoring.use_tool_id(2, "profiler")
    sys.monitoring.register_callback(2, sys.monitoring.events.RAISE, lambda code, offset, error: seen.append(type(error)))
    sys.monitoring.set_events(2, sys.monitoring.events.RAISE)
    try:
        watch()
        seen.clear()
        raised(cleaned, [1])
        alone = len(seen)
        _native.watch()
        seen.clear()
        raised(cleaned, [1])
        assert len(seen) == alone > 0
    finally:
        sys.monitoring.set_events(2, 0)
        sys.monitoring.free_tool_id(2)


def test_threads_raise_at_the_same_time():
    watch(at_raise=True, second_chance=True, handled_modules=[__name__])
    failures = []

    def work(number):
        for index in range(300):
            error = raised(cleaned, [number, index])
            if index % 10 == 0:
                _native.capture(error, {"force": True})
                got = frames(error)["spend"]
                if got[2] and got[2]["orders"] != [str(number), str(index)]:
                    failures.append(got)
            with contextlib.suppress(KeyError):
                {}["missing"]
            del error

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert failures == []


def test_children_of_forks_watch_as_well():
    watch(at_raise=True, second_chance=True)
    _native.capture(raised(cleaned, [1]))
    for _ in range(5):
        child = os.fork()
        if child == 0:
            is_right = False
            try:
                _native.after_fork_in_child()
                now, at_raise, at_entry = frames(raised(cleaned, [7]))["spend"]
                is_right = at_raise["kept"] == ["1", "2"] and at_entry["orders"] == ["7"]
                is_right = is_right and _native.status()["internal_errors"] == 0
            finally:
                os._exit(0 if is_right else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_greenlets_raise_in_turns():
    greenlet = pytest.importorskip("greenlet")
    watch(at_raise=True, second_chance=True)

    def work(items):
        parent.switch()
        items.pop()
        raise LookupError

    parent = greenlet.getcurrent()
    _native.capture(raised(lambda: [one := greenlet.greenlet(work), one.switch([0]), one.switch()]))
    children = [greenlet.greenlet(work) for _ in range(10)]
    [child.switch([number]) for number, child in enumerate(children)]
    for number, child in enumerate(children):
        assert frames(raised(child.switch))["work"][2] == {"items": [str(number)]}


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
