"""WebSockets of the library `wsproto`, which does no input and output itself."""

import asyncio
import ssl
from urllib.parse import urlsplit

from ends import Ends, cut
from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Ping,
    Pong,
    RejectConnection,
    RejectData,
    Request,
    TextMessage,
)
from wsproto.extensions import PerMessageDeflate
from wsproto.utilities import RemoteProtocolError


class End:
    def __init__(self, protocol, reader, writer):
        self.protocol = protocol
        self.reader = reader
        self.writer = writer
        self.path = ""
        self.subprotocol = None
        self.extensions = ""
        self.close_told = (1006, "")
        self.waiting = []
        self.on_pong = None

    async def next_event(self):
        """The next event, or `None` behind the last."""
        while True:
            if self.waiting:
                return self.waiting.pop(0)
            try:
                data = await self.reader.read(65_536)
                self.protocol.receive_data(data or None)
                self.waiting = list(self.protocol.events())
            except (ConnectionError, RemoteProtocolError):
                return None
            if not data and not self.waiting:
                return None

    async def write(self, event):
        self.writer.write(self.protocol.send(event))
        await self.writer.drain()

    async def messages(self):
        parts = []
        while (event := await self.next_event()) is not None:
            if isinstance(event, (TextMessage, BytesMessage)):
                parts.append(event.data)
                if event.message_finished:
                    yield "".join(parts) if isinstance(event, TextMessage) else b"".join(parts)
                    parts = []
            elif isinstance(event, Ping):
                await self.write(event.response())
            elif isinstance(event, Pong) and self.on_pong:
                self.on_pong()
            elif isinstance(event, CloseConnection):
                self.close_told = (event.code, event.reason or "")
                if self.protocol.state.name == "REMOTE_CLOSING":
                    await self.write(event.response())
                break

    async def send(self, message, fragments):
        # Its text is cut between characters only.
        kind = TextMessage if isinstance(message, str) else BytesMessage
        pieces = cut(message, fragments)
        for number, piece in enumerate(pieces):
            await self.write(kind(data=piece, message_finished=number == len(pieces) - 1))

    async def ping(self, on_pong):
        self.on_pong = on_pong
        await self.write(Ping(payload=b"ping"))

    async def close(self, code, reason):
        await self.write(CloseConnection(code=1000 if code is None else code, reason=reason or None))

    def abort(self):
        self.writer.transport.abort()

    async def ended(self):
        self.writer.close()
        return self.close_told


def names(extensions):
    return ", ".join(extension.name for extension in extensions)


async def listen(on_end, subprotocols, deflate):
    async def handle(reader, writer):
        end = End(WSConnection(ConnectionType.SERVER), reader, writer)
        request = await end.next_event()
        if not isinstance(request, Request):
            return writer.close()
        _, _, status = request.target.partition("/refuse/")
        if status:
            await end.write(RejectConnection(status_code=int(status), has_body=True))
            await end.write(RejectData(data=b"no\n"))
            return writer.close()
        accepted = AcceptConnection(
            subprotocol=next((one for one in subprotocols if one in request.subprotocols), None),
            extensions=[PerMessageDeflate()] if deflate else [],
        )
        end.path, end.subprotocol = request.target, accepted.subprotocol
        await end.write(accepted)
        end.extensions = names(one for one in accepted.extensions if one.enabled())
        await on_end(end)

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    return server.sockets[0].getsockname()[1]


async def open(url, subprotocols, ca=None):
    parts = urlsplit(url)
    context = ssl.create_default_context(cadata=ca) if parts.scheme == "wss" else None
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port, ssl=context)
    end = End(WSConnection(ConnectionType.CLIENT), reader, writer)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    offer = [PerMessageDeflate()]
    await end.write(Request(host=parts.netloc, target=target, subprotocols=subprotocols, extensions=offer))
    answer = await end.next_event()
    if isinstance(answer, RejectConnection):
        writer.close()
        return answer.status_code
    end.subprotocol, end.extensions = answer.subprotocol, names(answer.extensions)
    return end


class Library:
    listen = staticmethod(listen)
    open = staticmethod(open)


asyncio.run(Ends(Library).run())
