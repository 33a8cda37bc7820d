"""FastAPI under uvicorn: an asynchronous and a synchronous handler that fail as their path says."""

import asyncio
import socket

import uvicorn
from fastapi import BackgroundTasks, FastAPI

import cases
import truth

app = FastAPI()


@app.get("/fail/{case}")
async def fail(case: str):
    await asyncio.sleep(0)
    return cases.CASES[case]()


@app.get("/blocking/{case}")
def blocking(case: str):
    return cases.CASES[case]()


@app.get("/later/{case}")
async def later(case: str, tasks: BackgroundTasks):
    tasks.add_task(cases.CASES[case])
    return {"ok": True}


@app.get("/ok")
async def ok():
    return {"ok": True}


if __name__ == "__main__":
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(64)
    truth.tell(port=listener.getsockname()[1])
    config = uvicorn.Config(truth.RecordingAsgi(app), log_level="critical", lifespan="off")
    asyncio.run(uvicorn.Server(config).serve(sockets=[listener]))
