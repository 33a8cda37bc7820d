"""Serves the shop on loopback: `ddtrace-run python -m shop`."""

from __future__ import annotations

import logging

from werkzeug.serving import make_server

from shop import database
from shop.settings import read_settings
from shop.web import create_app

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    settings = read_settings()
    database.create(settings.database_path)
    make_server("127.0.0.1", settings.port, create_app(settings), threaded=True).serve_forever()
