"""Ways to end a connection, or to write to it what no library would."""

from __future__ import annotations

import asyncio
import socket
import struct

from aiohttp import web

_AT_ONCE = struct.pack("ii", 1, 0)


def reset(transport: asyncio.BaseTransport | None) -> None:
    """End the connection with a TCP reset."""
    if transport is None:
        return
    connection = transport.get_extra_info("socket")
    if connection is not None and not transport.is_closing():
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    if isinstance(transport, asyncio.Transport):
        transport.abort()


def close(transport: asyncio.BaseTransport | None) -> None:
    """End the connection in order, without a reply."""
    if transport is not None:
        transport.close()


def write_and_close(request: web.Request, data: bytes) -> None:
    """Send exactly these bytes and end the connection."""
    transport = request.transport
    if isinstance(transport, asyncio.Transport):
        transport.write(data)
        transport.close()
