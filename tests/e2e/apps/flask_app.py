"""Flask: one route that fails in the way its path says."""

from flask import Flask, got_request_exception, jsonify, request
from werkzeug.serving import make_server

import cases
import truth

app = Flask("flask_app")


@app.route("/fail/<case>")
def fail(case):
    return jsonify(cases.CASES[case]())


@app.route("/ok")
def ok():
    return jsonify(ok=True)


def record(_sender, exception, **_rest):
    truth.record(request.path.rsplit("/", 1)[-1], exception)


got_request_exception.connect(record, app)

if __name__ == "__main__":
    server = make_server("127.0.0.1", 0, app, threaded=True)
    truth.tell(port=server.server_port)
    server.serve_forever()
