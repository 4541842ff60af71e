"""Sockets of the local studio."""

from __future__ import annotations

import asyncio
import socket

from infra.local.ports import HOST, free_port, listener


def test_a_server_sends_its_answers_at_once():
    """Nagle's algorithm holds a small piece back until the one before was acknowledged, which takes 40 ms."""

    async def nodelay() -> int:
        seen: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def connected(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            seen.set_result(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        listening = listener()
        async with await asyncio.start_server(connected, sock=listening):
            _, writer = await asyncio.open_connection(HOST, listening.getsockname()[1])
            found = await seen
            writer.close()
            await writer.wait_closed()
        return found

    assert asyncio.run(nodelay())


def test_a_port_that_is_taken_is_not_given_out():
    with listener() as taken:
        port = taken.getsockname()[1]
        assert free_port(port) != port
    assert free_port(port) == port
