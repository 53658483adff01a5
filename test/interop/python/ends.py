"""Runs WebSockets of a library for a test: a command a line comes in as JSON, an event a line goes out.

Commands: listen {deflate, subprotocols} · open {url, subprotocols, ca} · of an open one: send {text | base64, fragments} ·
ping · close {code, reason} · abort. Events: listening {port} · opened · refused {status} · message {text | base64} · pong ·
closed {code, reason}. What belongs together has the same `id`; a WebSocket of a server brings its own.
"""

import asyncio
import base64
import itertools
import json
import sys


def tell(event, **facts):
    sys.stdout.write(json.dumps({"event": event, **facts}) + "\n")
    sys.stdout.flush()


def tell_message(identity, message):
    if isinstance(message, str):
        tell("message", id=identity, text=message)
    else:
        tell("message", id=identity, base64=base64.b64encode(message).decode())


def message_of(command):
    return command["text"] if "text" in command else base64.b64decode(command["base64"])


def cut(message, fragments):
    """The message in so many pieces."""
    size = max(1, -(-len(message) // fragments))
    return [message[at : at + size] for at in range(0, len(message), size)] or [message]


class Ends:
    """All WebSockets of this process, by their ids."""

    def __init__(self, library):
        self.library = library
        self.open = {}
        self.server_ids = itertools.count(1)

    async def run(self):
        reader = asyncio.StreamReader(limit=64 * 1024 * 1024)
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        tasks = set()
        while line := await reader.readline():
            command = json.loads(line)
            name, identity = command.pop("command"), command.pop("id")
            if name == "listen":
                tell("listening", id=identity, port=await self.library.listen(self.serve, **command))
            elif name == "open":
                task = asyncio.create_task(self.dial(identity, **command))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
            else:
                await self.act(name, identity, command)

    async def act(self, name, identity, command):
        end = self.open.get(identity)
        if end is None:
            return
        if name == "send":
            await end.send(message_of(command), command.get("fragments", 1))
        elif name == "ping":
            await end.ping(lambda: tell("pong", id=identity))
        elif name == "close":
            await end.close(command.get("code"), command.get("reason", ""))
        elif name == "abort":
            end.abort()

    async def serve(self, end):
        await self.live(f"server-{next(self.server_ids)}", end)

    async def dial(self, identity, **options):
        end = await self.library.open(**options)
        if isinstance(end, int):
            tell("refused", id=identity, status=end)
        else:
            await self.live(identity, end)

    async def live(self, identity, end):
        self.open[identity] = end
        tell("opened", id=identity, path=end.path, subprotocol=end.subprotocol or "", extensions=end.extensions)
        async for message in end.messages():
            tell_message(identity, message)
        code, reason = await end.ended()
        del self.open[identity]
        tell("closed", id=identity, code=code, reason=reason)
