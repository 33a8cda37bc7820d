"""Holds secrets the way applications do; they come from outside, as JSON in SECRETS."""

import json
import os

from flask import Flask, jsonify, request
from werkzeug.serving import make_server

import truth

SECRETS = json.loads(os.environ["SECRETS"])
app = Flask("secrets_app")


class Account:
    def __init__(self):
        self.owner = "visible owner"
        self.password = SECRETS["attribute"]
        self.stripeSecretKey = SECRETS["camel_attribute"]
        self.settings = {"api_key": SECRETS["attribute_mapping"]}


def plain_names():
    password = SECRETS["password"]
    user_password = SECRETS["user_password"]
    stripeSecretKey = SECRETS["camel"]
    db_passwd_old = SECRETS["passwd"].encode()
    access_token = SECRETS["access_token"]
    return fail_without_arguments()


def containers():
    account = Account()
    headers = [("Accept", "text/html"), ("X-Api-Key", SECRETS["header_pair"]), ("Cookie", "session=" + SECRETS["cookie_pair"])]
    raw_headers = [[b"authorization", b"Bearer " + SECRETS["bytes_pair"].encode()]]
    mapping = {"Authorization": "Bearer " + SECRETS["bearer"], "nested": {"client_secret": SECRETS["nested"]}, "city": "visible city"}
    return fail_without_arguments()


def texts():
    document = json.dumps({"user": "ada", "password": SECRETS["json_text"], "city": "visible city"})
    address = "https://shop.example/pay?token=%s&page=2" % SECRETS["query_text"]
    dsn = "postgresql://shop:%s@db.example/shop" % SECRETS["dsn"]
    header_block = "Host: shop.example\nAuthorization: Bearer %s\n" % SECRETS["header_text"]
    return fail_without_arguments()


def message():
    raise ConnectionError("directory refused user=ada password=%s" % SECRETS["message"])


def message_of_a_cause():
    try:
        raise ConnectionError("GET https://shop.example/?api_key=%s failed" % SECRETS["cause_message"])
    except ConnectionError as error:
        raise RuntimeError("Authorization: Bearer %s was refused" % SECRETS["outer_message"]) from error


def exception_arguments():
    raise KeyError("lookup", {"password": SECRETS["exception_argument"]})


def fail_without_arguments():
    # The names above are what makes their values secret; handed on under another name they would be plain texts.
    raise ValueError("visible failure of an application")


CASES = {f.__name__: f for f in (plain_names, containers, texts, message, message_of_a_cause, exception_arguments)}


@app.route("/fail/<case>")
def fail(case):
    sent = {"headers": list(request.headers.items()), "query": request.query_string}
    return jsonify(CASES[case](), sent)


if __name__ == "__main__":
    server = make_server("127.0.0.1", 0, app, threaded=True)
    truth.tell(port=server.server_port)
    server.serve_forever()
