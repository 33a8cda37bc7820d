"""The client within a process: settings, repeats, memory, threads, forks, servers that fail."""

import gc
import http.server
import os
import resource
import socket
import sys
import threading
import time
import uuid

import pytest
from capturing import raised, start
from reenact import _native


class Server:
    """Takes requests as told: a list of statuses, the last one from then on."""

    def __init__(self, *statuses):
        self.bodies = bodies = []
        statuses = list(statuses)

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                status = statuses.pop(0) if len(statuses) > 1 else statuses[0]
                if status == 202:
                    bodies.append((self.path, self.headers["content-type"], body))
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def server(request):
    server = Server(*getattr(request, "param", (202,)))
    yield server
    server.close()


def fail(value="x"):
    local = [value]
    raise LookupError(local)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"speed": 1}, "setting `speed` is not known"),
        ({"frames_max": -1}, "setting `frames_max` is a whole number from 0 to 100"),
        ({"url": "ftp://x"}, "setting `url` is an address such as"),
        ({"redacted_identifiers": ["--"]}, "setting `redacted_identifiers` has a rule that"),
        ({"enabled": "yes"}, "setting `enabled` is true or false"),
        ({"service": object()}, "setting `service` is a flag, a number, a text"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(settings, message):
    with pytest.raises(ValueError, match=message):
        _native.start(settings)


def test_settings_may_be_unset():
    _native.start({"service": "a", "env": None, "tags": {"team": "x"}, "frames_max": 3})


def test_an_exception_is_captured_once_and_numbered_as_seen_further_out():
    start()

    def inner():
        raise LookupError

    def middle():
        try:
            inner()
        except LookupError as error:
            captures.append(_native.capture(error, {"own_event": False}))
            raise

    captures = []

    def outer():
        middle()

    error = raised(outer)
    first, second = captures[0], _native.capture(error, {"own_event": False})
    assert (first.captured, first.reason, first.first) == (True, None, True)
    assert (second.captured, second.reason, second.first) == (True, "already", False)
    assert first.exception_id == second.exception_id
    assert [(number, function) for number, _, function, _, _ in first.frames] == [(1, "middle"), (2, "inner")]
    assert [(number, function) for number, _, function, _, _ in second.frames] == [
        (1, "raised"),
        (2, "outer"),
        (3, "middle"),
        (4, "inner"),
    ]
    assert second.frames[3][1] == first.frames[1][1]
    assert error.__dict__ == {"__reenact_capture__": first.exception_id}


def test_numbers_go_over_the_chain_root_cause_first():
    start()

    def root():
        raise KeyError

    def function():
        try:
            root()
        except KeyError as error:
            raise ValueError from error

    capture = _native.capture(raised(function))
    assert [(number, name) for number, _, name, _, _ in capture.frames] == [
        (1, "function"),
        (2, "root"),
        (3, "raised"),
        (4, "function"),
    ]
    lines = {number: line for number, _, _, _, line in capture.frames}
    assert lines[1] != lines[4]
    assert capture.frames[0][1] == capture.frames[3][1]


def test_repeats_are_skipped_and_new_ones_are_not():
    start(captures_per_second=0)
    captures = [_native.capture(raised(fail)) for _ in range(50)]
    assert [capture.captured for capture in captures] == [True] + [False] * 49
    assert captures[1].reason == "rate_limited"
    others = [compile(f"\n\n\nraise LookupError({index})", f"<{index}>", "exec") for index in range(10)]
    assert all(_native.capture(raised(exec, code)).captured for code in others)
    assert _native.status()["skipped"]["rate_limited"] == 49
    assert _native.capture(raised(fail), {"force": True}).captured


def test_a_wanted_exception_is_captured_once_whatever_the_limits():
    start(captures_per_second=0)
    assert _native.capture(raised(fail)).captured
    wanted = {"capture_next": [{"type": "LookupError", "function": "fail", "file": __file__}]}
    _native.set_remote(wanted)
    assert [_native.capture(raised(fail)).captured for _ in range(3)] == [True, False, False]
    _native.set_remote(wanted)
    assert not _native.capture(raised(fail)).captured
    _native.set_remote({"capture_next": []})
    _native.set_remote(wanted)
    assert _native.capture(raised(fail)).captured


def test_it_can_be_switched_off():
    start(enabled=False)
    capture = _native.capture(raised(fail))
    assert (capture.captured, capture.reason, capture.frames) == (False, "off", [])
    _native.set_remote({"enabled": True})
    assert _native.capture(raised(fail)).captured


def test_the_server_switches_values_off_and_not_events(server):
    start(url=server.url)
    _native.set_remote({"enabled": False})
    assert _native.capture(raised(fail), {"own_event": False}).reason == "off"
    assert _native.flush(10) and server.bodies == []
    assert _native.capture(raised(fail)).reason == "off"
    assert _native.flush(10) and len(server.bodies) == 1


def test_an_exception_of_libraries_alone_says_so():
    import json

    start(third_party_includes=["test_process", "capturing"])
    assert _native.capture(raised(json.loads, "{")).reason == "third_party"
    start(third_party_excludes=["json"])
    capture = _native.capture(raised(json.loads, "{"))
    assert {name for _, _, name, _, _ in capture.frames} >= {"loads", "decode"}


def test_captures_reach_the_server(server):
    start(url=server.url)
    assert _native.capture(raised(fail)).captured
    assert _native.flush(10)
    [(path, content_type, body)] = server.bodies
    assert (path, content_type) == ("/native/v1/captures", "application/vnd.reenact.captures")
    assert len(body) < 4000
    status = _native.status()
    assert (status["captured"], status["sent"], status["dropped"], status["queued"]) == (1, 1, 0, 0)


@pytest.mark.parametrize("server", [(503, 429, 202)], indirect=True)
def test_a_server_that_is_busy_is_asked_again(server):
    start(url=server.url)
    _native.capture(raised(fail))
    until = time.monotonic() + 20
    while not server.bodies and time.monotonic() < until:
        time.sleep(0.01)
    assert len(server.bodies) == 1
    assert _native.flush(10)
    assert (_native.status()["retries"], _native.status()["sent"]) == (2, 1)


@pytest.mark.parametrize("server", [(400,)], indirect=True)
def test_what_is_refused_is_counted(server):
    start(url=server.url)
    _native.capture(raised(fail))
    assert _native.flush(10)
    status = _native.status()
    assert (status["dropped"], status["retries"]) == (1, 0)
    assert "400" in status["last_error"]


def test_a_server_that_does_not_answer_holds_nothing_up():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        start(url=f"http://127.0.0.1:{silent.getsockname()[1]}", queue_captures_max=2, novel_burst=1000)
        codes = [compile("raise LookupError", f"<{index}>", "exec") for index in range(10)]
        begun = time.monotonic()
        captures = [_native.capture(raised(exec, code)) for code in codes]
        assert not _native.flush(0.05)
        assert time.monotonic() - begun < 2
        assert [capture.reason for capture in captures[2:]] == ["lost"] * 8
        assert _native.status()["dropped"] == 8


def test_a_unix_socket_is_an_address_too(tmp_path):
    path = str(tmp_path / "agent.sock")
    received = []
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()

        def serve():
            connection, _ = listener.accept()
            head = b""
            while b"\r\n\r\n" not in head:
                head += connection.recv(65536)
            head, body = head.split(b"\r\n\r\n", 1)
            length = int(head.lower().split(b"content-length:")[1].split()[0])
            while len(body) < length:
                body += connection.recv(65536)
            received.append((head.split(b"\r\n")[0], body))
            connection.sendall(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n")
            connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        start(url=f"unix://{path}")
        _native.capture(raised(fail))
        assert _native.flush(10)
        thread.join(10)
    assert received[0][0].startswith(b"POST /native/v1/captures HTTP/1")
    assert _native.status()["sent"] == 1


def test_no_object_is_kept_and_memory_does_not_grow():
    start(captures_per_second=1e6, novel_burst=1e6, novel_per_second=1e6, queue_captures_max=10)
    held = [object(), {"k": [1]}, Exception("held")]
    counts = [sys.getrefcount(value) for value in held]

    def function(subject):
        copies = list(subject)
        raise LookupError(subject)

    def rounds(count):
        for _ in range(count):
            _native.capture(raised(function, held), {"force": True, "own_event": False})
        gc.collect()
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, len(gc.get_objects())

    rounds(5_000)
    size, objects = rounds(15_000)
    later_size, later_objects = rounds(100_000)
    assert [sys.getrefcount(value) for value in held] == counts
    assert abs(later_objects - objects) < 100
    assert later_size - size < 10_000, "kilobytes"


def test_threads_capture_at_the_same_time():
    start(novel_burst=1e6, captures_per_second=1e6, queue_captures_max=1000)
    shared = {index: [index] for index in range(100)}
    failures = []

    def work(number):
        for round_number in range(200):
            shared[number * 1000 + round_number] = [round_number]
            capture = _native.capture(raised(fail, shared), {"force": True})
            if capture.reason not in (None, "lost"):
                failures.append(capture)
            del shared[number * 1000 + round_number]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert failures == []
    assert _native.status()["internal_errors"] == 0


def test_the_child_of_a_fork_sends_its_own_captures_and_not_those_of_its_parent(server):
    start(url=server.url)
    first = _native.capture(raised(fail))
    assert _native.flush(10)
    for _ in range(5):
        child = os.fork()
        if child == 0:
            _native.after_fork_in_child()
            capture = _native.capture(raised(fail))
            is_right = capture.captured and capture.exception_id != first.exception_id and _native.flush(10)
            is_right = is_right and _native.status()["captured"] == 1
            os._exit(0 if is_right else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert len(server.bodies) == 6
    _native.capture(raised(fail), {"force": True})
    assert _native.flush(10)
    assert len(server.bodies) == 7


def test_after_the_end_nothing_is_taken(server):
    start(url=server.url)
    _native.capture(raised(fail))
    assert _native.shutdown(10)
    assert len(server.bodies) == 1
    assert _native.capture(raised(fail), {"force": True}).reason == "lost"
    start()


def test_ids_of_frames_follow_that_of_the_exception_and_stay_different_when_frames_are_added():
    start(captures_per_second=1e6, novel_burst=1e6)
    captures = []

    def descend(level):
        if level == 0:
            raise LookupError
        try:
            descend(level - 1)
        except LookupError as error:
            if level == 3:
                captures.append(_native.capture(error, {"own_event": False}))
            raise

    error = raised(descend, 5)
    captures.append(_native.capture(error, {"own_event": False}))
    first, second = ([uuid.UUID(frame[1]).int for frame in capture.frames] for capture in captures)
    begin = int(captures[0].exception_id, 16)
    assert sorted(first) == list(range(begin + 1, begin + 5))
    assert set(first) < set(second) and len(set(second)) == len(second) > 5
