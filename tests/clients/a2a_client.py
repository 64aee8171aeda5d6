"""The official Python A2A client (protocol 1.0) against a seller, and AdCP's own on top of it.

Reads the card, asks for products in one piece and as a stream, asks for the task afterwards, checks
that a wrong token is refused; then asks for products with the AdCP client. Writes what it saw as one
line of JSON.

python a2a_client.py URL TOKEN
"""

import asyncio
import json
import sys
import uuid

import httpx
from a2a.client import ClientConfig, ClientFactory
from a2a.types import (
    GetExtendedAgentCardRequest,
    GetTaskRequest,
    Message,
    Part,
    Role,
    SendMessageRequest,
)
from adcp import ADCPClient
from adcp.types.core import AgentConfig, Protocol
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.struct_pb2 import Value


def ask(trace: str) -> SendMessageRequest:
    arguments = {"buying_mode": "wholesale", "context": {"trace": trace}}
    data = ParseDict({"skill": "get_products", "input": arguments}, Value())
    message = Message(message_id=str(uuid.uuid4()), role=Role.ROLE_USER, parts=[Part(data=data)])
    return SendMessageRequest(message=message)


def payload(artifact) -> dict:
    parts = [part for part in artifact.parts if part.WhichOneof("content") == "data"]
    return MessageToDict(parts[-1].data)


async def talk(url: str, token: str) -> dict:
    headers = {"authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(headers=headers, timeout=30) as http:
        factory = ClientFactory(ClientConfig(httpx_client=http, streaming=False))
        client = await factory.create_from_url(url)
        [answer] = [event async for event in client.send_message(ask("python"))]
        task = answer.task
        again = await client.get_task(GetTaskRequest(id=task.id))
        card = await client.get_extended_agent_card(GetExtendedAgentCardRequest())
        streaming = ClientFactory(ClientConfig(httpx_client=http, streaming=True)).create(card)
        events = [event async for event in streaming.send_message(ask("streamed"))]
    body = payload(task.artifacts[0])
    return {
        "server": card.name,
        "tools": [skill.id for skill in card.skills],
        "products": [product["product_id"] for product in body["products"]],
        "context": body["context"],
        "state": MessageToDict(task)["status"]["state"],
        "again": MessageToDict(again)["status"]["state"],
        "streamed": [event.WhichOneof("payload") for event in events],
    }


async def adcp(url: str, token: str) -> dict:
    """What AdCP's client makes of the answer. The adapter, since the client above it leaves products
    out whose formats are those of AdCP 3.0."""
    config = AgentConfig(id="seller", agent_uri=url, protocol=Protocol.A2A, auth_token=token)
    async with ADCPClient(config) as client:
        answer = await client.adapter.get_products({"buying_mode": "wholesale"})
        refused = await client.adapter.get_products({"buying_mode": "wholesale", "pagination": {"max_results": -1}})
        versions = client.a2a_protocol_versions
    return {
        "success": answer.success,
        "products": [product["product_id"] for product in answer.data["products"]],
        "refused": (refused.adcp_error or {}).get("code"),
        "versions": versions,
    }


async def main() -> None:
    url, token = sys.argv[1:]
    seen = await talk(url, token)
    try:
        await talk(url, f"{token}-wrong")
        seen["refused"] = False
    except Exception:  # Each layer of the client has its own way to say it.
        seen["refused"] = True
    seen["adcp"] = await adcp(url, token)
    print(json.dumps(seen))


asyncio.run(main())
