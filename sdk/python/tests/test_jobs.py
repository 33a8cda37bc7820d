"""Tasks of queues and invocations that fail."""

from __future__ import annotations

import subprocess
import sys

from conftest import REENACT_RUN, Programs, _with_this_python, wait_until

CELERY = """
    import celery, os, sys
    app = celery.Celery("shop", broker="filesystem://")
    folder = os.path.dirname(os.path.abspath(__file__))
    app.conf.broker_transport_options = {
        "data_folder_in": folder + "/queue", "data_folder_out": folder + "/queue", "control_folder": folder + "/control"}
    os.makedirs(folder + "/queue", exist_ok=True)

    @app.task(name="shop.charge")
    def charge(amount):
        return 100 / amount

    @app.task(bind=True, name="shop.retried", max_retries=0)
    def retried(self):
        raise self.retry(exc=OSError("away"), countdown=0)
"""


def test_an_eager_celery_task(programs: Programs) -> None:
    done = programs.run(CELERY + "\n    app.conf.task_always_eager = True\n    charge.delay(0)\n")
    context = done.the_event()["context"]
    assert (context["mechanism"], context["resource"], context["handled"]) == ("celery", "shop.charge", False)
    assert len(context["tags"]["task.id"]) == 36


def test_a_celery_worker_with_processes(programs: Programs) -> None:
    programs.write(CELERY, "shop.py")
    worker = subprocess.Popen(
        _with_this_python([*REENACT_RUN, "celery", "-A", "shop", "worker", "--concurrency", "1", "--without-heartbeat"]),
        cwd=programs.directory,
        env=programs.environment(),
        stdout=subprocess.DEVNULL,
        stderr=(programs.directory / "server.log").open("w"),
    )
    try:
        programs.run_command([sys.executable, "-c", "import shop; shop.charge.delay(0)"])
        event = wait_until("the task fails: " + programs.finished().stderr, lambda: programs.finished().events, 40)[0]
        assert (event["context"]["mechanism"], event["context"]["resource"]) == ("celery", "shop.charge")
        assert event["pid"] != worker.pid
        wait_until("the capture arrives", programs.recorder.captures)
    finally:
        worker.terminate()
        worker.wait(20)


RQ = """
    import fakeredis, os, rq, shop, sys
    connection = fakeredis.FakeRedis()
    queue = rq.Queue(connection=connection)
    job = queue.enqueue(shop.charge, 0)
    getattr(rq, sys.argv[1])([queue], connection=connection).work(burst=True)
    print(os.getpid(), job.id)
"""


def test_an_rq_worker(programs: Programs) -> None:
    programs.write("def charge(amount):\n    return 100 / amount\n", "shop.py")
    done = programs.run(RQ, "SimpleWorker")
    event = done.the_event()
    assert (event["context"]["mechanism"], event["context"]["resource"]) == ("rq", "shop.charge"), done.stderr
    assert done.stdout.splitlines()[-1] == f"{event['pid']} {event['context']['tags']['job.id']}"


def test_an_rq_worker_that_forks_sends_before_the_fork_ends(programs: Programs) -> None:
    programs.write("def charge(amount):\n    return 100 / amount\n", "shop.py")
    done = programs.run(RQ, "Worker")
    event = next(event for event in done.events if event["context"]["mechanism"] == "rq")
    assert event["context"]["resource"] == "shop.charge"
    assert str(event["pid"]) != done.stdout.splitlines()[-1].split()[0]
    assert programs.recorder.captures()


def test_a_handler_of_a_serverless_platform_sends_before_it_is_frozen(programs: Programs) -> None:
    done = programs.run("""
        import os, reenact.aws_lambda
        class Context:
            def __init__(self):
                self.function_name, self.aws_request_id = "charge-function", "r-1"
        @reenact.aws_lambda.handler
        def handle(event, context):
            return 100 / event["amount"]
        assert handle({"amount": 4}, Context()) == 25
        try:
            handle({"amount": 0}, Context())
        except ZeroDivisionError:
            os._exit(7)
    """)
    context = done.the_event()["context"]
    assert (context["mechanism"], context["resource"], context["tags"]) == ("aws_lambda", "charge-function", {"request.id": "r-1"})
    assert done.returncode == 7
    assert len(programs.recorder.captures()) == 1
