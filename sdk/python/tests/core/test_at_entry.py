"""Arguments as they were when a function was entered, from its second exception on, and calls of it that return."""

import asyncio
import contextlib
import json
import sys

import pytest
from capturing import raised, short, start
from moments import FAST, Resource, cleaned, counts, frames, needs_monitoring, spend, watch

from reenact import _native

pytestmark = [needs_monitoring, pytest.mark.usefixtures("unwatched")]


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
    assert frames(raised(fresh.throw, LookupError("thrown")))["produce"][0] == {"items": ["6"]}


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
    taken = {}
    for number, error in enumerate(asyncio.run(main())):
        now, at_raise, at_entry = frames(error)["work"]
        assert at_entry["items"] == [str(number)]
        if "taken" in at_raise:
            taken[str(number)] = at_raise["taken"]
    # Not every raise has its turn.
    assert taken and all(number == value for number, value in taken.items())


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


def test_a_call_of_an_armed_function_leaves_time_to_exceptions_not_seen_before():
    start(**FAST, cpu_share=0.02)
    assert _native.watch(second_chance=True) is None

    def function(fails):
        if fails:
            raise ValueError
        for _ in range(3000):
            before = counts()["raises_captured"]
            for _ in range(1000):
                with contextlib.suppress(KeyError):
                    {}["handled"]
            if counts()["raises_captured"] < before + 1000:
                return True
        return False

    assert _native.capture(raised(function, True)).captured
    assert function(False), "raises below it are looked at whatever time there is"
    with pytest.raises(LookupError) as unseen:
        raise LookupError
    assert _native.capture(unseen.value).captured


def test_raises_below_an_armed_function_are_not_looked_at_while_captures_are_off():
    watch(second_chance=True)

    def function(enabled):
        _native.set_remote({"enabled": enabled})
        with contextlib.suppress(KeyError):
            {}["handled"]
        if enabled:
            raise ValueError

    _native.capture(raised(function, True))
    before = counts()["raises_captured"]
    function(False)
    _native.set_remote({"enabled": True})
    assert counts()["raises_captured"] == before
    raised(function, True)
    assert counts()["raises_captured"] == before + 2
