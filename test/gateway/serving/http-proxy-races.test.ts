import type { Socket } from "node:net";
import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { proxyTo } from "../../support/proxying.ts";
import { recordingUpstream } from "../../support/recording-upstream.ts";

test.each([
  { method: "GET", content: "" },
  { method: "POST", content: "" },
  { method: "POST", content: "hi" },
])(
  "$method '$content' goes over a new connection where the kept one was reset before it was written",
  async (asked) => {
    const { method, content } = asked;
    const sockets: Socket[] = [];
    const upstream = await recordingUpstream((socket) => {
      sockets.push(socket);
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello");
    });
    const proxy = proxyTo([upstream.address]);
    await proxy.answer();
    // From here on undici looks for what has come over the connection before it writes to it.
    await new Promise((resolve) => setImmediate(resolve));
    sockets[0]?.resetAndDestroy();
    const body = content === "" ? undefined : Readable.from([Buffer.from(content)]);
    expect(await proxy.answer({ method, body })).toMatchObject({ status: 200, text: "hello" });
    expect(upstream.requests.slice(1)).toMatchObject([{ method, content }]);
  },
);
