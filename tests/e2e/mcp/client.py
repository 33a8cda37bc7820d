"""Drives an MCP server with the protocol's Python client, in the environment of requirements.txt.

Speaks JSON, one object a line. Reads first `{"stdio": [COMMAND, …], "env": {…}}` or `{"url": …, "headers": {…}}` with the `mode`
of the handshake, and writes what the server says of itself; then reads `[TOOL, ARGUMENTS]` again and again, and writes the results.
"""

import asyncio
import json
import sys
from contextlib import AsyncExitStack
from typing import Any

import httpx2
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client


def say(what: Any) -> None:
    print(json.dumps(what), flush=True)


async def main() -> None:
    asked = json.loads(sys.stdin.readline())
    async with AsyncExitStack() as stack:
        if "url" in asked:
            http = await stack.enter_async_context(httpx2.AsyncClient(headers=asked.get("headers", {}), timeout=60))
            server = streamable_http_client(asked["url"], http_client=http)
        else:
            server = StdioServerParameters(command=asked["stdio"][0], args=asked["stdio"][1:], env=asked.get("env"))
        client = await stack.enter_async_context(Client(server, mode=asked["mode"], read_timeout_seconds=60))
        tools = (await client.list_tools()).tools
        said = [tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in tools]
        say({"version": client.protocol_version, "instructions": client.instructions, "tools": said})
        while line := await asyncio.to_thread(sys.stdin.readline):
            result = await client.call_tool(*json.loads(line))
            say({"error": bool(result.is_error), "text": "\n".join(part.text for part in result.content)})


asyncio.run(main())
