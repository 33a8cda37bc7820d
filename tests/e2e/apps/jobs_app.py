"""Work outside of requests and spans: a thread, a task that nobody awaits, a logged exception, a task of Celery, and the end.

Records what failed before it is seen; the last failure ends the program.
"""

import asyncio
import gc
import logging
import threading

import cases
import truth

try:
    import celery
except ImportError:
    celery = None


def recorded(name, case):
    """Fails as `case` does, and writes down the exception on its way out."""
    try:
        case()
    except Exception as error:
        truth.record(name, error)
        raise


def in_thread():
    thread = threading.Thread(target=recorded, args=("thread", cases.none_attribute), name="worker-1")
    thread.start()
    thread.join()


async def leave_a_task():
    async def lost():
        recorded("lost_task", cases.wrong_type)

    task = asyncio.create_task(lost())
    await asyncio.wait([task])
    del task
    gc.collect()


def logged():
    try:
        recorded("logged", cases.explicit_cause)
    except cases.ReservationFailed:
        logging.getLogger("shop.stock").exception("not reserved")


def in_celery():
    app = celery.Celery("shop")
    app.conf.task_always_eager = True

    @app.task(name="shop.charge")
    def charge(amount):
        return recorded("celery", cases.implicit_context)

    charge.delay(7)


def main():
    in_thread()
    asyncio.run(leave_a_task())
    logged()
    if celery is not None:
        in_celery()
    truth.tell(done=True)
    truth.wait_for_test()
    recorded("uncaught", cases.closure)


if __name__ == "__main__":
    main()
