"""The program under each client: `program.py MEASURE`; prints one JSON object.

The request that fails goes through six functions with ten variables each, as a service has them: numbers, texts, objects,
lists and mappings of them. The clients are those of the environment; Sentry's is started here, as its guide says.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
import urllib.request
from typing import Any, Callable

CLIENT, SINK = os.environ["BENCH_CLIENT"], os.environ["BENCH_SINK"]
WINDOWS, ROUNDS = 15, 40
CAPTURES = 10_000
STARVATION_SECONDS, OTHERS = 12, 10
BACKGROUND_SECONDS = 4
SIZES, SIZE_PAUSE_SECONDS = 12, 2.5

if CLIENT == "sentry":
    import sentry_sdk

    sentry_sdk.init(dsn=f"http://key@{SINK.split('://')[1]}/1")

import flask  # noqa: E402

app = flask.Flask("bench")


class Order:
    def __init__(self, number: int) -> None:
        self.number, self.customer, self.lines = number, f"customer {number}", [{"sku": "a", "count": 2}, (1, 2)]
        self.address = {"street": "Main", "city": "Berlin", "zip": 10115}


def build() -> Callable[..., Any]:
    """Six functions that call each other; the last one fails with the type and the text that it is given."""
    lines = []
    for level in range(6):
        lines.append(f"def level{level}(make, kind, text, marker):")
        values = ["make(1)", "{'a': [1, 2]}", "'text' * 5", "[make(2), make(3)]", "1.5", "('a', 2)"]
        lines += [f"    v{index} = {value}" for index, value in enumerate(values)]
        lines.append("    raise kind(text)" if level == 5 else f"    return level{level + 1}(make, kind, text, marker)")
    names: dict[str, Any] = {"__name__": "bench_service"}
    exec(compile("\n".join(lines), os.path.join(os.path.dirname(os.path.abspath(__file__)), "service.py"), "exec"), names)
    return names["level0"]


fail = build()
# Ten places of their own, each with a type of its own.
OTHER_KINDS = [type(f"Other{number}", (Exception,), {"__module__": "bench_service"}) for number in range(OTHERS)]
OTHER_FAILS = [build() for _ in range(OTHERS)]


def marker(number: int) -> str:
    """Held by a variable alone: neither in a message nor in a line of source."""
    return "-".join(["held", str(number), "here"])


@app.get("/ok")
def ok() -> str:
    return "ok"


@app.get("/fail")
def fail_always() -> str:
    return fail(Order, ValueError, "no price", marker(99))


@app.get("/fail/<int:number>")
def fail_elsewhere(number: int) -> str:
    return OTHER_FAILS[number % OTHERS](Order, OTHER_KINDS[number % OTHERS], f"number {number}", marker(number))


class Wsgi:
    def __call__(self, path: str) -> None:
        environ = {
            "REQUEST_METHOD": "GET", "PATH_INFO": path, "SCRIPT_NAME": "", "QUERY_STRING": "", "SERVER_NAME": "shop", "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.url_scheme": "http", "wsgi.input": None, "wsgi.errors": _Nothing(), "wsgi.version": (1, 0),
            "wsgi.multithread": True, "wsgi.multiprocess": False, "wsgi.run_once": False, "HTTP_HOST": "shop", "HTTP_USER_AGENT": "bench",
        }  # fmt: skip
        answer = app(environ, lambda status, headers, exc_info=None: None)
        b"".join(answer)
        getattr(answer, "close", int)()


class Asgi:
    """FastAPI in a loop of its own."""

    def __init__(self) -> None:
        import fastapi

        api = fastapi.FastAPI()
        api.get("/ok")(self._ok)
        api.get("/fail")(self._fail)
        self._app, self._loop = api, asyncio.new_event_loop()

    async def _ok(self) -> str:
        return "ok"

    async def _fail(self) -> str:
        return fail(Order, ValueError, "no price", marker(99))

    def __call__(self, path: str) -> None:
        self._loop.run_until_complete(self._request(path))

    async def _request(self, path: str) -> None:
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http", "path": path,
            "raw_path": path.encode(), "query_string": b"", "root_path": "", "headers": [(b"host", b"shop"), (b"user-agent", b"bench")],
            "client": ("127.0.0.1", 1), "server": ("shop", 80),
        }  # fmt: skip

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            pass

        try:
            await self._app(scope, receive, send)
        except ValueError:
            pass


class _Nothing:
    def write(self, text: str) -> None:
        pass

    def flush(self) -> None:
        pass


def cost(request: Callable[[str], None], path: str) -> dict[str, float]:
    """CPU microseconds of a request: in the thread that serves it, the least of many windows; of the process, with all that follows."""
    for _ in range(ROUNDS):
        request(path)
    least, process = float("inf"), time.process_time_ns()
    for _ in range(WINDOWS):
        thread = time.thread_time_ns()
        for _ in range(ROUNDS):
            request(path)
        least = min(least, (time.thread_time_ns() - thread) / ROUNDS / 1000)
        time.sleep(0.1)
    # What is left in the background belongs to these requests as well.
    time.sleep(BACKGROUND_SECONDS)
    return {"thread": least, "process": (time.process_time_ns() - process) / ROUNDS / WINDOWS / 1000}


def web() -> dict[str, Any]:
    return {
        f"{name} {path}": cost(request, path) for name, request in (("flask", Wsgi()), ("fastapi", Asgi())) for path in ("/ok", "/fail")
    }


def memory() -> dict[str, float]:
    request = Wsgi()
    request("/ok")
    found = {"started": resident()}
    for number in range(CAPTURES):
        request("/fail")
        if number % 50 == 0:
            # Time for what is sent in the background: ddtrace's uploader and the thread that raises wait for each other for
            # ever when more is captured than is sent in its second.
            time.sleep(1)
    time.sleep(3)
    return {**found, "after": resident()}


def resident() -> float:
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:")) / 1024


def starvation() -> dict[str, int]:
    request, begun, sent, loops = Wsgi(), time.monotonic(), 0, 0
    while time.monotonic() - begun < STARVATION_SECONDS:
        request("/fail")
        loops += 1
        if sent < OTHERS and time.monotonic() - begun > 1 + sent:
            request(f"/fail/{sent}")
            sent += 1
    time.sleep(3)
    return {"loops": loops}


def sizes() -> dict[str, int]:
    request = Wsgi()
    for number in range(SIZES):
        urllib.request.urlopen(f"{SINK}/mark/{number + 1}").close()
        request(f"/fail/{number % OTHERS}" if number else "/fail")
        time.sleep(SIZE_PAUSE_SECONDS)
    urllib.request.urlopen(f"{SINK}/mark/0").close()
    return {}


def lift_limits_of_ddtrace() -> None:
    """Each exception is captured, not one a second and each once an hour."""
    from ddtrace.debugging._exception import replay

    replay.GLOBAL_RATE_LIMITER = type("Open", (), {"limit": lambda self: None})()
    replay.limit_exception = lambda ident: False


if __name__ == "__main__":
    app.logger.disabled = True
    if os.environ.get("BENCH_LIFTED") and CLIENT == "ddtrace":
        lift_limits_of_ddtrace()
    print(json.dumps({"web": web, "memory": memory, "starvation": starvation, "sizes": sizes}[sys.argv[1]]()))
