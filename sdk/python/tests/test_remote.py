"""What the server may ask for while the program runs."""

from __future__ import annotations

from conftest import Programs, wait_until
from recorder import Recorder

from reenact import remote

PATH = "/native/v1/config"
TWO_CAPTURES = """
    import reenact, time
    reenact.capture_exception(ValueError(1))
    time.sleep(2.5)
    reenact.capture_exception(KeyError(2))
"""


def test_the_server_is_asked_with_the_first_capture_and_then_as_often_as_it_says(programs: Programs) -> None:
    programs.recorder.answers[PATH] = (200, {"enabled": True, "poll_seconds": 1})
    done = programs.run(TWO_CAPTURES, REENACT_SERVICE="my shop", REENACT_ENV="prod")
    asked = [request.path for request in programs.recorder.requests(PATH)]
    assert len(asked) == 3 and len(set(asked)) == 1, done.stderr
    assert asked[0].startswith(f"{PATH}?service=my%20shop&client_id=") and asked[0].endswith("&env=prod")


def test_an_agent_that_does_not_know_it_is_asked_once(programs: Programs) -> None:
    done = programs.run(TWO_CAPTURES)
    assert len(programs.recorder.requests(PATH)) == 1
    assert (done.returncode, done.stderr) == (0, "")


def test_nobody_is_asked_when_it_is_switched_off(programs: Programs) -> None:
    programs.run(TWO_CAPTURES, REENACT_REMOTE_CONFIG="false")
    assert programs.recorder.requests(PATH) == []


def test_answers_are_applied(recorder: Recorder) -> None:
    applied: list[dict[str, object]] = []
    answer = {"enabled": False, "capture_next": ["f1"], "poll_seconds": 1}
    recorder.answers[PATH] = (200, answer)
    remote.run(remote.Server(recorder.url), "shop", None, applied.append)
    try:
        wait_until("an answer is applied", lambda: applied)
        assert applied[0] == answer
        recorder.answers[PATH] = (503, {})
        count = len(recorder.received)
        wait_until("it asks again after a failure", lambda: len(recorder.received) > count)
        assert remote.is_running()
    finally:
        remote.stop()
        remote.forget()


def test_a_server_that_is_away_and_one_that_talks_nonsense() -> None:
    try:
        remote.ask(remote.Server("http://127.0.0.1:1"), "service=x")
        raise AssertionError("nobody listens there")
    except OSError:
        pass
    for received in (b"", b"SSH-2.0\r\n", b"HTTP/1.0 abc\r\n\r\n"):
        try:
            remote._parse(received)
            raise AssertionError(received)
        except remote.NotOffered:
            pass
    server = remote.Server("https://ada:pw@ss/w@host:1")
    assert (server.user, server.place) == ("ada:pw@ss/w", "host:1")
    assert remote._parse(b"HTTP/1.0 200 OK\r\nA: b\r\n\r\n{}") == (200, b"{}")
    assert remote._host_and_port(remote.Server("http://[::1]:81")) == ("::1", 81)
    assert remote._host_and_port(remote.Server("https://shop.example")) == ("shop.example", 443)
    assert remote._host_and_port(remote.Server("http://shop.example")) == ("shop.example", 80)
