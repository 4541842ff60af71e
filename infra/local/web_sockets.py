"""Forwards a WebSocket to the emulator, both ways, until either side closes it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.websockets import WebSocketDisconnect
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

if TYPE_CHECKING:
    from starlette.websockets import WebSocket
    from websockets.asyncio.client import ClientConnection


OPEN_SECONDS = 30  # as long as API Gateway waits for what answers `$connect`


async def forward(socket: WebSocket, url: str) -> None:
    """Connect to `url` and pass messages on; a refusal there is a refusal here."""
    try:
        upstream = await connect(url, proxy=None, open_timeout=OPEN_SECONDS)
    except (InvalidHandshake, OSError) as error:
        response = getattr(error, "response", None)
        await socket.send_denial_response(Response(status_code=response.status_code if response else 502))
        return
    async with upstream:
        await socket.accept()
        directions = [asyncio.create_task(_up(socket, upstream)), asyncio.create_task(_down(upstream, socket))]
        try:
            await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for direction in directions:
                direction.cancel()
            await asyncio.gather(*directions, return_exceptions=True)


async def _up(socket: WebSocket, upstream: ClientConnection) -> None:
    try:
        while True:
            await upstream.send(await socket.receive_text())
    except (WebSocketDisconnect, ConnectionClosed):
        await upstream.close()


async def _down(upstream: ClientConnection, socket: WebSocket) -> None:
    try:
        async for message in upstream:
            await socket.send_text(message if isinstance(message, str) else message.decode())
        await socket.close(upstream.close_code or 1000)
    except (WebSocketDisconnect, ConnectionClosed):
        return
