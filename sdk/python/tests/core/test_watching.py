"""What watching does to the host and beside others: nothing; handled exceptions, other tools, threads, forks."""

import contextlib
import gc
import os
import sys
import threading
import weakref

import pytest
from capturing import raised, start
from moments import FAST, cleaned, counts, frames, needs_monitoring, watch

from reenact import _native

pytestmark = [needs_monitoring, pytest.mark.usefixtures("unwatched")]


# Of this file: which module raises is looked at.
def charge(orders, kept):
    total = 0
    while orders:
        total += orders.pop()
    raise ValueError(total)


def charged(orders):
    buffer = [1, 2]
    try:
        charge(orders, buffer)
    finally:
        buffer.clear()


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
    error = raised(charge, [1], [])
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
    entries, failures = [], []

    def work(number):
        for index in range(300):
            error = raised(charged, [number, index])
            if index % 10 == 0:
                _native.capture(error, {"force": True})
                _, _, at_entry = frames(error)["charge"]
                entries.extend([at_entry] if at_entry else [])
                if at_entry and at_entry["orders"] != [str(number), str(index)]:
                    failures.append(at_entry)
            with contextlib.suppress(KeyError):
                {}["missing"]
            del error

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert entries and failures == []


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
