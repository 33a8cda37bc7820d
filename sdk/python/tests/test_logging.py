"""Exceptions that are logged."""

from __future__ import annotations

from conftest import Programs

LOGGED = """
    import logging
    logging.basicConfig(format="%(levelname)s %(funcName)s %(message)s")
    log = logging.getLogger("shop.orders")
    def place():
        try:
            {}["price"]
        except KeyError:
            log.LEVEL("no price", exc_info=True)
    place()
"""


def test_a_logged_exception_is_a_handled_event_and_the_log_is_as_ever(programs: Programs) -> None:
    source = LOGGED.replace("LEVEL", "exception")
    done = programs.run(source)
    context = done.the_event()["context"]
    assert (context["mechanism"], context["handled"], context["tags"]) == ("logging", True, {"logger": "shop.orders"})
    assert done.stderr == programs.run_plain(source).stderr
    assert done.stderr.startswith("ERROR place no price\nTraceback")


def test_the_level_is_a_setting(programs: Programs) -> None:
    source = LOGGED.replace("LEVEL", "warning")
    assert programs.run(source).seen == []
    assert programs.run(source, REENACT_LOG_LEVEL="warning").the_event()
    programs.observed.unlink()
    assert programs.run(LOGGED.replace("LEVEL", "exception"), REENACT_LOG_LEVEL="off").seen == []


def test_what_a_server_logs_is_unhandled(programs: Programs) -> None:
    done = programs.run(LOGGED.replace("LEVEL", "exception").replace("shop.orders", "gunicorn.error"))
    assert done.the_event()["context"]["handled"] is False


def test_records_without_an_exception_and_odd_ones_pass(programs: Programs) -> None:
    done = programs.run("""
        import logging
        logging.basicConfig()
        logging.error("no exception")
        logging.error("none is handled", exc_info=True)
        logging.getLogger().handle(logging.makeLogRecord({"msg": "odd", "levelno": 50, "exc_info": "text"}))
        class Record(logging.LogRecord):
            @property
            def exc_info(self):
                raise RuntimeError("mine")
            @exc_info.setter
            def exc_info(self, value):
                pass
        logging.setLogRecordFactory(Record)
        try:
            logging.error("broken record")
        except RuntimeError as error:
            print(error)
        import reenact
        print(reenact.status()["hook_errors"])
    """)
    assert done.seen == []
    assert "odd" in done.stderr and done.stdout.endswith("{'hook logging': 1}\n"), done.stdout + done.stderr


def test_logged_and_raised_again_is_captured_once(programs: Programs) -> None:
    done = programs.run("""
        import logging
        try:
            raise ValueError("x")
        except ValueError:
            logging.exception("first")
            logging.exception("again")
            raise
    """)
    assert len(done.events) == 1
    assert len({one["exception_id"] for one in done.seen}) == 1
    assert len(programs.recorder.captures()) == 1
