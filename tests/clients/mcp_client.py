"""The official Python MCP client against a seller, in the way that MODE names.

Lists the tools, asks for products, checks that a wrong token is refused. Writes what it saw as one
line of JSON.

python mcp_client.py URL TOKEN MODE

MODE is "legacy" (the handshake of the older protocol versions) or "auto" (what the client does when
nothing is said: it asks the newer way first).
"""

import asyncio
import json
import sys

import httpx2
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client


async def talk(url: str, token: str, mode: str) -> dict:
    async with httpx2.AsyncClient(headers={"authorization": f"Bearer {token}"}) as http:
        async with Client(streamable_http_client(url, http_client=http), mode=mode) as client:
            listed = await client.list_tools()
            arguments = {"buying_mode": "wholesale", "context": {"trace": "python"}}
            answer = await client.call_tool("get_products", arguments)
            protocol = client.protocol_version
    body = answer.structured_content
    return {
        "protocol": protocol,
        "tools": [tool.name for tool in listed.tools],
        "products": [product["product_id"] for product in body["products"]],
        "context": body["context"],
    }


async def main() -> None:
    url, token, mode = sys.argv[1:]
    seen = await talk(url, token, mode)
    try:
        await asyncio.wait_for(talk(url, f"{token}-wrong", mode), timeout=30)
        seen["refused"] = False
    except TimeoutError:
        raise
    except Exception:  # Each version of the client has its own way to say it.
        seen["refused"] = True
    print(json.dumps(seen))


asyncio.run(main())
