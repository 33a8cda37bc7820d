"""Django in one file: one view that fails in the way its path says."""

from django.conf import settings

import cases
import truth
from spans import instrument_django

settings.configure(
    DEBUG=False, ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, SECRET_KEY="only for this test",
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"], LOGGING_CONFIG=None,
)  # fmt: skip

instrument_django()

from wsgiref.simple_server import make_server  # noqa: E402

from django.core.signals import got_request_exception  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import JsonResponse  # noqa: E402
from django.urls import path  # noqa: E402


def fail(request, case):
    return JsonResponse({"result": cases.CASES[case]()})


def ok(request):
    return JsonResponse({"ok": True})


urlpatterns = [path("fail/<str:case>", fail), path("ok", ok)]


def record(sender, request, **_rest):
    import sys

    truth.record(request.path.rsplit("/", 1)[-1], sys.exc_info()[1])


got_request_exception.connect(record)

if __name__ == "__main__":
    server = make_server("127.0.0.1", 0, get_wsgi_application())
    truth.tell(port=server.server_port)
    server.serve_forever()
