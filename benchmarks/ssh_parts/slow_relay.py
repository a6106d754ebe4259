"""A relay that holds everything back for a while: `slow_relay.py SECONDS 127.0.2.1:22=127.0.1.1:22 ...`; ends with SIGTERM.

Each direction waits for SECONDS, so the round trip is twice that. Bytes keep their order; each waits for itself.
"""

from __future__ import annotations

import asyncio
import socket
import sys

CHUNK = 65536


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def deliver() -> None:
        while True:
            due, data = await waiting.get()
            await asyncio.sleep(due - loop.time())
            if not data:
                return
            writer.write(data)
            await writer.drain()

    delivering = asyncio.create_task(deliver())
    try:
        while data := await reader.read(CHUNK):
            waiting.put_nowait((loop.time() + seconds, data))
        waiting.put_nowait((loop.time() + seconds, b""))
        await delivering
    except OSError:
        delivering.cancel()
    finally:
        writer.close()


async def relay(seconds: float, pairs: list[tuple[str, str]]) -> None:
    async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, to: str) -> None:
        host, port = to.rsplit(":", 1)
        await asyncio.sleep(2 * seconds)  # the handshake of TCP is a round trip too
        try:
            there = await asyncio.open_connection(host, int(port))
        except OSError:
            writer.close()
            return
        for stream in (writer, there[1]):
            stream.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.gather(pump(reader, there[1], seconds), pump(there[0], writer, seconds))

    for listen, to in pairs:
        host, port = listen.rsplit(":", 1)
        await asyncio.start_server(lambda r, w, to=to: accepted(r, w, to), host, int(port), backlog=200)
    print("listening", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(relay(float(sys.argv[1]), [tuple(word.split("=")) for word in sys.argv[2:]]))  # type: ignore[misc]
