"""What a capture costs in the application's thread: ours beside ddtrace's, on the same frames.

    pip install reenact ddtrace
    python sdk/python/benches/capture.py

Prints microseconds of CPU time of the thread, the minimum of many windows, for one exception; and how often ours goes
into ddtrace's. ddtrace's limiters are not asked: its snapshots are captured and written as JSON, without its uploader.
Ours is decision, walk and hand-over; conversion, redaction, encoding and sending are in the background: the CPU time of
all other threads, to a server in a process of its own that takes everything, at the limits of ddtrace. `behind` is for one
of a hundred exceptions in a row, `alone` for one that is sent before the next is raised. The last column counts `behind`.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

from reenact import _native

SETTINGS = {
    "service": "bench",
    "url": "http://127.0.0.1:1",
    "captures_per_second": 1e6,
    "novel_burst": 1e6,
    "novel_per_second": 1e6,
    "cpu_share": 100,
    "queue_captures_max": 10_000,
    "queue_bytes_max": 1 << 30,
    "frames_max": 10,
    "time_budget_ms": 1000,
}
FLUSH_SECONDS = 30
LIMITS_OF_DDTRACE = {"depth_max": 2}


class Order:
    def __init__(self, number):
        self.number, self.customer, self.lines = number, f"customer {number}", [{"sku": "a", "count": 2}, (1, 2)]
        self.address = {"street": "Main", "city": "Berlin", "zip": 10115}


def nested(depth, width):
    return [nested(depth - 1, width) for _ in range(width)] if depth else 1


VALUES = {
    "small, 3 frames of 5": (3, 5, lambda index: index),
    "typical, 10 frames of 20": (10, 20, lambda index: [Order(index), {"a": [1, 2]}, "text", index][index % 4]),
    "objects, 10 frames of 20": (10, 20, Order),
    "hostile, 10 frames of 4": (
        10,
        4,
        lambda index: [list(range(10_000)), {i: str(i) for i in range(10_000)}, "x" * 1_000_000, nested(5, 8)][index],
    ),
}


def frames_that_raise(count, variables, value):
    """Functions that call each other, each with so many local variables, the last of which raises."""
    values = [value(index) for index in range(variables)]
    lines = []
    for number in range(count):
        lines.append(f"def f{number}(values):")
        lines += [f"    v{index} = values[{index}]" for index in range(variables)]
        lines.append("    raise ValueError('bench')" if number == count - 1 else f"    f{number + 1}(values)")
    namespace = {"__name__": "bench"}
    exec(compile("\n".join(lines), "/srv/bench.py", "exec"), namespace)
    return lambda: namespace["f0"](values)


def raised(function):
    try:
        function()
    except ValueError as error:
        return error


def cost(function, work, windows=40, rounds=5):
    """CPU microseconds of `work` on a fresh exception, the minimum of many windows."""
    best = float("inf")
    for _ in range(windows):
        errors = [raised(function) for _ in range(rounds)]
        begun = time.thread_time_ns()
        for error in errors:
            work(error)
        best = min(best, (time.thread_time_ns() - begun) / rounds / 1000)
    return best


def ours(**settings):
    _native.start({**SETTINGS, **settings})
    return lambda error: _native.capture(error, {"force": True, "own_event": False})


def background(function, url, is_alone):
    """CPU microseconds of all threads for one exception that arrives, without those of the application's thread."""
    work, rounds = ours(**LIMITS_OF_DDTRACE, url=url), 100
    # The first one has the versions of the packages looked up.
    work(raised(function))
    _native.flush(FLUSH_SECONDS)
    errors = [raised(function) for _ in range(rounds)]
    sent = _native.status()["sent"]
    whole, thread = resource.getrusage(resource.RUSAGE_SELF), time.thread_time_ns()
    for error in errors:
        work(error)
        if is_alone:
            _native.flush(FLUSH_SECONDS)
    _native.flush(FLUSH_SECONDS)
    later = resource.getrusage(resource.RUSAGE_SELF)
    used = (later.ru_utime + later.ru_stime - whole.ru_utime - whole.ru_stime) * 1e6
    assert _native.status()["sent"] == sent + rounds, _native.status()
    return (used - (time.thread_time_ns() - thread) / 1000) / rounds


def ddtrace_capture():
    """What ddtrace's exception replay captures of each frame, and its JSON."""
    from ddtrace.debugging._signal.snapshot import _capture_context

    def work(error):
        traceback, captured = error.__traceback__.tb_next, []
        while traceback is not None:
            captured.append(_capture_context(traceback.tb_frame, (type(error), error, traceback)))
            traceback = traceback.tb_next
        return json.dumps(captured)

    return work


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--without-ddtrace", action="store_true")
    arguments = parser.parse_args()
    sink = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("beside") / "sink.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    url = f"http://127.0.0.1:{int(sink.stdout.readline())}"
    functions = {name: frames_that_raise(*shape) for name, shape in VALUES.items()}
    # Ahead of the import of ddtrace, which has threads of its own.
    followed = {name: [background(function, url, is_alone) for is_alone in (False, True)] for name, function in functions.items()}
    sink.communicate()
    theirs = None if arguments.without_ddtrace else ddtrace_capture()
    heads = ("ours", "at its limits", "behind", "alone", "ddtrace", "ratio", "all")
    print(f"{'frames':28}" + "".join(f"{head:>14}" for head in heads))
    for name, function in functions.items():
        same = cost(function, ours(**LIMITS_OF_DDTRACE))
        full = cost(function, ours())
        other = cost(function, theirs, windows=5) if theirs else 0
        behind, alone = followed[name]
        figures = (full, same, behind, alone, other, other / same, other / (same + behind))
        print(f"{name:28}" + "".join(f"{figure:>14.1f}" for figure in figures))
    function = frames_that_raise(10, 20, Order)
    _native.start({**SETTINGS, "captures_per_second": 0})
    _native.capture(raised(function))
    skip = cost(function, lambda error: _native.capture(error, {"own_event": False}), rounds=100)
    print(f"{'a repeat, 10 frames, skipped':28}{skip:>10.2f}")


if __name__ == "__main__":
    main()
