"""Captures go to `https://` addresses: certificates, names and passwords, and what is said when something is wrong."""

from __future__ import annotations

import base64
import socket
from collections.abc import Iterator

import pytest
from conftest import Programs
from recorder import Recorder
from tls import CA_FILE, Front

CAPTURE = """
    import reenact, time
    from reenact import remote
    answers = []
    apply = remote.ask
    remote.ask = lambda *arguments: answers.append(apply(*arguments)) or answers[-1]
    reenact.capture_exception(ValueError(1))
    taken = reenact.flush(3)
    deadline = time.monotonic() + 5
    while WAIT and not answers and time.monotonic() < deadline:
        time.sleep(0.01)
    status = reenact.status()
    print(status["sent"], len(answers), status["last_error"])
    print(status["settings"]["url"]["value"])
"""
CONFIG = "/native/v1/config"


@pytest.fixture
def front(recorder: Recorder) -> Iterator[Front]:
    front = Front(recorder.url)
    yield front
    front.close()


@pytest.mark.parametrize("variable", ["REENACT_CA_FILE", "SSL_CERT_FILE"])
def test_an_authority_of_ones_own_is_trusted_when_it_is_named(programs: Programs, recorder: Recorder, front: Front, variable: str) -> None:
    recorder.answers[CONFIG] = (200, {"enabled": True})
    done = programs.run(CAPTURE.replace("WAIT", "True"), REENACT_URL=front.url, **{variable: CA_FILE})
    assert done.stdout.splitlines()[0] == "1 1 None", (done.stdout, done.stderr)
    assert len(recorder.captures()) == 1


def test_a_name_a_password_and_a_key_are_sent_and_not_shown(programs: Programs, recorder: Recorder, front: Front) -> None:
    recorder.answers[CONFIG] = (200, {"enabled": True})
    url = front.url.replace("://", "://ada:s%40cret@")
    done = programs.run(CAPTURE.replace("WAIT", "True"), REENACT_URL=url, REENACT_CA_FILE=CA_FILE, REENACT_API_KEY="key-1")
    assert done.stdout.splitlines() == ["1 1 None", front.url.replace("://", "://***@")], (done.stdout, done.stderr)
    want = "Basic " + base64.b64encode(b"ada:s@cret").decode()
    for path in ("/native/v1/captures", CONFIG):
        (request,) = recorder.requests(path)
        headers = {name.lower(): value for name, value in request.headers.items()}
        assert (headers["authorization"], headers["dd-api-key"]) == (want, "key-1"), path


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({}, "name the file with REENACT_CA_FILE"),
        ({"REENACT_CA_FILE": "/nowhere/ca.pem"}, "the certificates of `/nowhere/ca.pem` cannot be read"),
        ({"REENACT_CA_FILE": __file__}, "there are none in it"),
    ],
)
def test_what_is_not_trusted_is_not_sent_and_status_says_why(
    programs: Programs, recorder: Recorder, front: Front, environment: dict[str, str], says: str
) -> None:
    done = programs.run(CAPTURE.replace("WAIT", "False"), REENACT_URL=front.url, **environment)
    assert done.returncode == 0
    assert done.stdout.startswith("0 0 ") and says in done.stdout, (done.stdout, done.stderr)
    assert recorder.received == []


def test_a_program_that_ends_while_tls_is_in_use_ends_as_it_wants(programs: Programs, front: Front) -> None:
    # OpenSSL takes away what a thread is using: without care about one in ten ends with a signal.
    ending = "import reenact\nreenact.capture_exception(ValueError(1))\nreenact.flush(3)\nraise SystemExit(7)"
    assert [programs.run(ending, REENACT_URL=front.url).returncode for _ in range(25)] == [7] * 25


def test_the_end_of_a_program_does_not_wait_for_a_handshake(programs: Programs) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}"
        ending = """
            import reenact
            from reenact import remote
            reenact.capture_exception(ValueError(1))
            while remote._connection is None:
                pass
            remote.stop()
            print(remote._using_tls.locked(), remote._connection)
        """
        done = programs.run(ending, REENACT_URL=url)
    assert done.stdout == "True None\n", (done.stdout, done.stderr)
