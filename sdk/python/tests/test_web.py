"""Requests that fail, under the real frameworks and servers."""

from __future__ import annotations

from typing import Any

from conftest import Programs, wait_until

FLASK = """
    import flask, logging, reenact
    app = flask.Flask(__name__)

    @app.get("/orders/<int:number>")
    def order(number):
        reenact.set_user(42)
        return str(100 / number)

    @app.get("/logged")
    def logged():
        try:
            [][1]
        except IndexError:
            logging.getLogger("shop").exception("empty")
        return "fine"

    @app.get("/handled")
    def handled():
        raise PermissionError("no")

    @app.errorhandler(PermissionError)
    def refuse(error):
        return "refused", 403
"""

FASTAPI = """
    import fastapi
    app = fastapi.FastAPI()

    @app.get("/orders/{number}")
    async def order(number: int):
        return 100 / number

    @app.get("/sync/{number}")
    def sync(number: int):
        return 100 / number

    @app.get("/refused")
    async def refused():
        raise fastapi.HTTPException(403)
"""

DJANGO = """
    import django
    from django.conf import settings
    from django.http import HttpResponse, Http404
    from django.urls import path
    settings.configure(DEBUG=False, ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, SECRET_KEY="invented", LOGGING_CONFIG=None)
    django.setup()

    def order(request, number):
        return HttpResponse(str(100 / number))

    async def order_async(request, number):
        return HttpResponse(str(100 / number))

    def missing(request):
        raise Http404

    urlpatterns = [path("orders/<int:number>", order), path("async/<int:number>", order_async), path("missing", missing)]
    from django.core.wsgi import get_wsgi_application
    from django.core.asgi import get_asgi_application
    wsgi, asgi = get_wsgi_application(), get_asgi_application()
"""


def gunicorn(port: int, application: str, *options: str) -> list[str]:
    return ["gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", "1", *options, application]


def uvicorn(port: int, application: str) -> list[str]:
    return ["uvicorn", "--host", "127.0.0.1", "--port", str(port), application]


def check_request(event: dict[str, Any], mechanism: str, route: str, url_end: str) -> None:
    context = event["context"]
    assert event["type"] == "ZeroDivisionError"
    assert (context["mechanism"], context["handled"]) == (mechanism, False)
    assert context["resource"] == f"GET {route}"
    request = context["request"]
    assert (request["method"], request["route"], request["status_code"]) == ("GET", route, 500)
    assert request["url"].startswith("http://127.0.0.1:") and request["url"].endswith(url_end)
    assert request["headers"]["x-shop"] == "north"
    assert request["user_agent"].startswith("Python-urllib/")


def test_flask_under_gunicorn(programs: Programs, port: int) -> None:
    programs.write(FLASK)
    with programs.serving(gunicorn(port, "app:app"), port) as get:
        assert get("/orders/4") == 200
        assert get("/handled") == 403
        assert get("/orders/0?page=2", x_shop="north") == 500
        event = programs.wait_for_events(1)[0]
        check_request(event, "flask", "/orders/<int:number>", "/orders/0?page=2")
        assert event["context"]["user_id"] == "42"
        assert get("/logged") == 200
        logged = programs.wait_for_events(2)[1]["context"]
        assert (logged["mechanism"], logged["handled"], logged["resource"]) == ("logging", True, "GET /logged")
        assert "status_code" not in logged["request"] and "user_id" not in logged
        wait_until("both are sent", lambda: len(programs.recorder.captures()) >= 1)


def test_flask_under_gevent_workers(programs: Programs, port: int) -> None:
    programs.write(FLASK)
    with programs.serving(gunicorn(port, "app:app", "--worker-class", "gevent"), port) as get:
        assert get("/orders/0?page=2", x_shop="north") == 500
        check_request(programs.wait_for_events(1)[0], "flask", "/orders/<int:number>", "/orders/0?page=2")


def test_flask_preloaded_by_gunicorn_captures_in_its_workers(programs: Programs, port: int) -> None:
    programs.write(FLASK)
    with programs.serving(gunicorn(port, "app:app", "--preload"), port) as get:
        assert get("/orders/0", x_shop="north") == 500
        wait_until("the capture arrives", programs.recorder.captures)
    assert programs.finished().the_event()


def test_fastapi_under_uvicorn(programs: Programs, port: int) -> None:
    programs.write(FASTAPI)
    with programs.serving(uvicorn(port, "app:app"), port) as get:
        assert get("/orders/4") == 200
        assert get("/refused") == 403
        assert get("/orders/0?page=2", x_shop="north") == 500
        check_request(programs.wait_for_events(1)[0], "starlette", "/orders/{number}", "/orders/0?page=2")
        assert get("/sync/0", x_shop="north") == 500
        check_request(programs.wait_for_events(2)[1], "starlette", "/sync/{number}", "/sync/0")
    assert "ZeroDivisionError" in programs.finished().stderr


def test_django_under_gunicorn(programs: Programs, port: int) -> None:
    programs.write(DJANGO)
    with programs.serving(gunicorn(port, "app:wsgi"), port) as get:
        assert get("/orders/4") == 200
        assert get("/missing") == 404
        assert get("/orders/0?page=2", x_shop="north") == 500
        check_request(programs.wait_for_events(1)[0], "django", "orders/<int:number>", "/orders/0?page=2")


def test_django_under_uvicorn(programs: Programs, port: int) -> None:
    programs.write(DJANGO)
    with programs.serving(uvicorn(port, "app:asgi"), port) as get:
        assert get("/async/0?page=2", x_shop="north") == 500
        check_request(programs.wait_for_events(1)[0], "django", "async/<int:number>", "/async/0?page=2")
        assert get("/orders/0", x_shop="north") == 500
        check_request(programs.wait_for_events(2)[1], "django", "orders/<int:number>", "/orders/0")


def test_plain_wsgi_with_the_middleware_also_while_the_response_is_read(programs: Programs, port: int) -> None:
    programs.write("""
        import reenact.wsgi
        def plain(environ, start_response):
            if environ["PATH_INFO"] == "/now":
                1 / 0
            start_response("200 OK", [("Content-Type", "text/plain")])
            return later()
        def later():
            yield b"some"
            {}["more"]
        app = reenact.wsgi.Middleware(plain)
    """)
    with programs.serving(gunicorn(port, "app:app"), port) as get:
        assert get("/now") == 500
        context = programs.wait_for_events(1)[0]["context"]
        assert (context["mechanism"], context["resource"]) == ("wsgi", "GET /now")
        get("/later")
        event = programs.wait_for_events(2)[1]
        assert (event["type"], event["context"]["mechanism"], event["context"]["resource"]) == ("KeyError", "wsgi", "GET /later")


def test_plain_asgi_with_the_middleware(programs: Programs, port: int) -> None:
    programs.write("""
        import reenact.asgi
        async def plain(scope, receive, send):
            if scope["type"] == "http":
                raise LookupError("x")
            raise RuntimeError("no lifespan")
        app = reenact.asgi.Middleware(plain)
    """)
    with programs.serving(uvicorn(port, "app:app"), port) as get:
        assert get("/now") == 500
        event = programs.wait_for_events(2)[1]
        assert (event["type"], event["context"]["mechanism"], event["context"]["resource"]) == ("LookupError", "asgi", "GET /now")


def test_a_hook_can_be_left_out(programs: Programs, port: int) -> None:
    programs.write(FLASK)
    with programs.serving(gunicorn(port, "app:app"), port, REENACT_HOOKS="-flask,-logging") as get:
        assert get("/orders/0") == 500
    assert programs.finished().seen == []
