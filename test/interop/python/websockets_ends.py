"""WebSockets of the library `websockets`."""

import asyncio
import ssl

from ends import Ends, cut
from websockets.asyncio.client import connect
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed, InvalidStatus

LIMITS = {"max_size": None, "ping_interval": None, "close_timeout": 5}


class End:
    def __init__(self, connection, path):
        self.connection = connection
        self.path = path
        self.subprotocol = connection.subprotocol
        self.extensions = ", ".join(extension.name for extension in connection.protocol.extensions)
        self.background = set()

    async def messages(self):
        try:
            async for message in self.connection:
                yield message
        except ConnectionClosed:
            return

    async def send(self, message, fragments):
        if fragments == 1:
            await self.connection.send(message)
        else:
            data = message.encode() if isinstance(message, str) else message
            await self.connection.send(cut(data, fragments), text=isinstance(message, str))

    async def ping(self, on_pong):
        waiter = await self.connection.ping()

        async def wait():
            await waiter
            on_pong()

        self.spawn(wait())

    async def close(self, code, reason):
        self.spawn(self.connection.close(1000 if code is None else code, reason))

    def abort(self):
        self.connection.transport.abort()

    async def ended(self):
        await self.connection.wait_closed()
        close = self.connection.protocol.close_rcvd
        return (1006, "") if close is None else (close.code, close.reason)

    def spawn(self, work):
        task = asyncio.create_task(work)
        self.background.add(task)
        task.add_done_callback(self.background.discard)


async def listen(on_end, subprotocols, deflate):
    def refuse(connection, request):
        _, _, status = request.path.partition("/refuse/")
        return connection.respond(int(status), "no\n") if status else None

    def select(connection, offered):
        return next((one for one in subprotocols if one in offered), None)

    async def handle(connection):
        await on_end(End(connection, connection.request.path))

    server = await serve(
        handle,
        "127.0.0.1",
        0,
        select_subprotocol=select,
        compression="deflate" if deflate else None,
        process_request=refuse,
        **LIMITS,
    )
    return server.sockets[0].getsockname()[1]


async def open(url, subprotocols, ca=None):
    context = ssl.create_default_context(cadata=ca) if url.startswith("wss:") else None
    try:
        connection = await connect(url, subprotocols=subprotocols or None, ssl=context, proxy=None, **LIMITS)
    except InvalidStatus as refusal:
        return refusal.response.status_code
    return End(connection, "")


class Library:
    listen = staticmethod(listen)
    open = staticmethod(open)


asyncio.run(Ends(Library).run())
