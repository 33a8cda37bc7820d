"""What watching costs: raises with `at_raise` and calls of an armed function, beside the same without.

    pip install reenact
    python sdk/python/benches/raises.py

Needs CPython 3.12. Prints nanoseconds of CPU time of the thread for one round, the minimum of many windows: with nothing
watched, with a callback of Python that does nothing, and with ours, whose places have had their looks.
"""

import sys
import time

from reenact import _native

SETTINGS = {"service": "bench", "url": "http://127.0.0.1:1", "cpu_share": 100, "time_budget_ms": 1000}
EVENTS = sys.monitoring.events
EMPTY, EMPTY_ITERATOR = {}, iter(())


def two_frames():
    try:
        failing()
    except LookupError:
        pass


def failing():
    raise LookupError


def deep(level):
    if level == 0:
        raise LookupError
    deep(level - 1)


def eleven_frames():
    try:
        deep(9)
    except LookupError:
        pass


def callee(a, b):
    return a


def no_exception():
    callee(1, 2)


def end_of_iteration():
    try:
        next(EMPTY_ITERATOR)
    except StopIteration:
        pass


def key_error():
    try:
        EMPTY["missing"]
    except KeyError:
        pass


ROUNDS = {
    "no exception, one call": no_exception,
    "raise, caught 2 frames out": two_frames,
    "raise, caught 11 frames out": eleven_frames,
    "KeyError, caught in its frame": key_error,
    "StopIteration of next()": end_of_iteration,
}


def cost(function, windows=60, rounds=2000):
    best = float("inf")
    for _ in range(windows):
        begun = time.thread_time_ns()
        for _ in range(rounds):
            function()
        best = min(best, (time.thread_time_ns() - begun) / rounds)
    return best


def with_lambda(function):
    sys.monitoring.use_tool_id(3, "bench")
    sys.monitoring.register_callback(3, EVENTS.RAISE, lambda code, offset, error: None)
    sys.monitoring.set_events(3, EVENTS.RAISE)
    found = cost(function)
    sys.monitoring.set_events(3, 0)
    sys.monitoring.register_callback(3, EVENTS.RAISE, None)
    sys.monitoring.free_tool_id(3)
    return found


def watched(function, **options):
    _native.start(SETTINGS)
    assert _native.watch(**options) is None
    for _ in range(5000):
        function()
    found = cost(function)
    _native.watch()
    return found


def armed(argument):
    def function(given):
        if given is None:
            raise LookupError

    def call():
        function(argument)

    before = cost(call, windows=20)
    # Limits are by the number of calls: it is armed again for each window.
    best = float("inf")
    for _ in range(20):
        _native.start({**SETTINGS, "captures_per_second": 1e6})
        assert _native.watch(second_chance=True) is None
        try:
            function(None)
        except LookupError as error:
            assert _native.capture(error, {"force": True}).captured
        best = min(best, cost(call, windows=1))
        assert _native.status()["monitoring"]["entries_captured"] >= 2000
    _native.watch()
    return before, best


class Order:
    def __init__(self):
        self.number, self.lines = 7, [{"sku": "a", "count": 2}, (1, 2)]


def first_look():
    """A raise that is captured: ten frames of twenty variables."""
    lines = []
    for level in range(10):
        lines.append(f"def f{level}(values):")
        lines += [f"    v{index} = values[{index}]" for index in range(20)]
        lines.append("    raise ValueError" if level == 9 else f"    f{level + 1}(values)")
    values = [[Order(), {"a": [1, 2]}, "text", index][index % 4] for index in range(20)]
    best = float("inf")
    for _ in range(40):
        _native.start({**SETTINGS, "raises_per_second": 1e6})
        assert _native.watch(at_raise=True) is None
        space = {"__name__": "bench"}
        exec(compile("\n".join(lines), "/srv/bench.py", "exec"), space)
        begun = _native.status()["capture_ns"]
        for _ in range(4):
            try:
                space["f0"](values)
            except ValueError:
                pass
        best = min(best, (_native.status()["capture_ns"] - begun) / 4)
    _native.watch()
    return best


def main():
    print(f"{'ns of CPU time':34}{'plain':>9}{'lambda':>9}{'at_raise':>10}{'more':>8}{'ratio':>8}")
    for name, function in ROUNDS.items():
        plain = min(cost(function), cost(function))
        empty = with_lambda(function)
        ours = watched(function, at_raise=True)
        print(f"{name:34}{plain:>9.0f}{empty:>9.0f}{ours:>10.0f}{ours - plain:>8.0f}{ours / plain:>8.2f}")
    for name, argument in {"a number": 1, "an object with a list of dicts": Order()}.items():
        plain, watched_call = armed(argument)
        print(f"{'call of an armed function, ' + name:60}{plain:>9.0f}{watched_call:>10.0f}")
    print(f"{'a raise that is captured, 10 frames of 20':60}{first_look():>19.0f}")


if __name__ == "__main__":
    main()
