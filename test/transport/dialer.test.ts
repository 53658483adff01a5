import { once } from "node:events";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { WebSocketServer } from "ws";
import { encodeFrame } from "../../src/protocol/frame/frame-codec.ts";
import { textFrame } from "../../src/protocol/frame/frame.ts";
import { createMaskKey } from "../../src/protocol/frame/mask.ts";
import { dial } from "../../src/transport/dialer.ts";
import { createReadBuffer } from "../../src/transport/socket-events.ts";
import type { UpstreamAddress } from "../../src/transport/upstream-address.ts";
import { accepted, dialRequest, dialUpstream, switching } from "../support/dialing.ts";
import { scriptedUpstream } from "../support/scripted-upstream.ts";
import { turns } from "../support/stream-observers.ts";

/** How an upstream sends what it has to say. */
const deliveries = {
  "at once": (socket: Socket, text: string) => Promise.resolve(void socket.write(text, "latin1")),
  "a byte at a time": async (socket: Socket, text: string) => {
    socket.setNoDelay();
    for (const byte of Buffer.from(text, "latin1")) {
      socket.write(Uint8Array.of(byte));
      await turns(1);
    }
  },
};

describe("the request", () => {
  test("is an Upgrade with a fresh key, without what belongs to another hop", async () => {
    const upstream = await scriptedUpstream((socket, head) => socket.write(switching(head)));
    await accepted(dialUpstream(upstream.address));
    await accepted(dialUpstream(upstream.address));
    const [head = "", other = ""] = upstream.requests;
    const key = /Sec-WebSocket-Key: (\S{24})\r\n/.exec(head)?.[1] ?? "";
    expect(head.replace(key, "KEY").split("\r\n")).toEqual([
      "GET /chat?room=1 HTTP/1.1",
      "Host: backend.example:81",
      "Upgrade: websocket",
      "Connection: Upgrade",
      "Sec-WebSocket-Key: KEY",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Protocol: chat, superchat",
      "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
      "origin: https://a.example",
      "cookie: c=1",
      "",
      "",
    ]);
    expect(Buffer.from(key, "base64")).toHaveLength(16);
    expect(other).not.toContain(key);
  });

  test.each([
    { what: "a path that is none", broken: { path: "no slash" } },
    { what: "an authority that is none", broken: { authority: "a b" } },
    { what: "a value that would inject a field", broken: { fields: ["a", "b\r\nc: d"] } },
  ])("is not sent with $what", async ({ broken }) => {
    const upstream = await scriptedUpstream(() => undefined);
    const { signal } = new AbortController();
    const dialed = dial(
      { address: upstream.address, secure: undefined, sourceAddress: undefined },
      { ...dialRequest, ...broken },
      { connectTimeoutMs: 1, answerTimeoutMs: 1, signal },
    );
    await expect(dialed).rejects.toThrow(TypeError);
  });
});

describe("an upstream that accepts", () => {
  test.each([
    { what: "plainly", lines: [], answer: { subprotocol: undefined, extensions: undefined, fields: [] } },
    {
      what: "with a subprotocol, an extension and fields of its own",
      lines: [
        "Sec-WebSocket-Protocol: superchat",
        "Sec-WebSocket-Extensions: permessage-deflate",
        "Set-Cookie: s=1",
        "Keep-Alive: timeout=5",
      ],
      answer: { subprotocol: "superchat", extensions: "permessage-deflate", fields: ["set-cookie", "s=1"] },
    },
  ])("$what is told so, and its early bytes come first", async ({ lines, answer }) => {
    for (const deliver of Object.values(deliveries)) {
      const upstream = await scriptedUpstream(async (socket, head) => {
        await deliver(socket, `HTTP/1.1 103 Early Hints\r\n\r\n${switching(head, ...lines)}early`);
        socket.end(", late");
      });
      const { observer, stream, answer: told } = await accepted(dialUpstream(upstream.address));
      expect(told).toEqual(answer);
      await observer.until("the end", () => observer.ends === 1);
      expect(observer.received.toString()).toBe("early, late");
      stream.end();
      await observer.until("onClose", () => observer.ending !== undefined);
      expect(observer.ending).toEqual({ type: "ended" });
    }
  });

  test("and ends in the same segment has its bytes and its end told", async () => {
    const upstream = await scriptedUpstream((socket, head) => socket.end(`${switching(head)}all there is`));
    const result = await dialUpstream(upstream.address);
    await turns();
    const { observer } = await accepted(Promise.resolve(result));
    await observer.until("the end", () => observer.ends === 1);
    expect(observer.received.toString()).toBe("all there is");
  });

  test.each([
    { what: "its own memory", readBuffer: undefined },
    { what: "shared memory", readBuffer: createReadBuffer() },
  ])("is not held to its opening by the stream, which is read into $what", async ({ readBuffer }) => {
    setFlagsFromString("--expose-gc");
    const { address } = await scriptedUpstream((socket, head) => socket.write(switching(head)));
    const dialed = async () => {
      const fields = ["cookie", "c=1"];
      const target = { address, secure: undefined, sourceAddress: undefined, readBuffer };
      const { signal } = new AbortController();
      const options = { connectTimeoutMs: 60_000, answerTimeoutMs: 60_000, signal };
      const { stream } = await accepted(dial(target, { ...dialRequest, fields }, options));
      return { stream, fields: new WeakRef(fields) };
    };
    const { stream, fields } = await dialed();
    await vi.waitFor(() => {
      runInNewContext("gc()");
      // Not the fields themselves: what was expected is held where the test fails.
      expect(fields.deref() === undefined).toBe(true);
    });
    stream.abort("cancel");
  });

  test("is given the stream's bytes, and a reset when it is aborted", async () => {
    const heard = Promise.withResolvers<string>();
    const reset = Promise.withResolvers<unknown>();
    const upstream = await scriptedUpstream((socket, head) => {
      socket.write(switching(head));
      socket.on("data", (chunk: Buffer) => heard.resolve(String(chunk)));
      socket.on("error", reset.resolve);
    });
    const { stream } = await accepted(dialUpstream(upstream.address));
    stream.write(Buffer.from("hello"), 0, 5, "kept");
    expect(await heard.promise).toBe("hello");
    stream.abort("cancel");
    expect(await reset.promise).toMatchObject({ code: "ECONNRESET" });
    await upstream.allClosed();
  });
});

describe("an upstream that refuses", () => {
  const page = "<h1>no</h1>";
  const own = "X-Reason: full\r\n";
  test.each([
    {
      what: "with a length",
      answer: `HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nContent-Length: 11\r\n\r\n${page}`,
      rejection: { status: 401, fields: ["www-authenticate", "Basic"], body: page },
    },
    {
      what: "in chunks, with hop-by-hop fields",
      answer:
        `HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nTrailer: A\r\n${own}` +
        `\r\n4\r\n<h1>\r\n7;x=y\r\nno</h1>\r\n0\r\nA: b\r\n\r\n`,
      rejection: { status: 403, fields: ["x-reason", "full"], body: page },
    },
    {
      what: "to the close",
      answer: `HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\n\r\n${page}`,
      closes: true,
      rejection: { status: 404, fields: ["content-type", "text/html"], body: page },
    },
    {
      what: "in HTTP/1.0",
      answer: `HTTP/1.0 503 Busy\r\nRetry-After: 9\r\n\r\n${page}`,
      closes: true,
      rejection: { status: 503, fields: ["retry-after", "9"], body: page },
    },
    {
      what: "without a body",
      answer: "HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n",
      rejection: { status: 429, fields: [], body: "" },
    },
    {
      what: "with another place to go",
      answer: "HTTP/1.1 307 Temporary Redirect\r\nLocation: /else\r\nContent-Length: 0\r\n\r\n",
      rejection: { status: 307, fields: ["location", "/else"], body: "" },
    },
    {
      what: "with another version",
      answer: "HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 8\r\nContent-Length: 0\r\n\r\n",
      rejection: { status: 426, fields: ["sec-websocket-version", "8"], body: "" },
    },
    {
      what: "and closes before its body is whole",
      answer: `HTTP/1.1 500 Error\r\nContent-Length: 12\r\n\r\n${page}`,
      closes: true,
      rejection: { status: 500, fields: [], body: page },
    },
  ])("$what is passed on", async ({ answer, closes = false, rejection }) => {
    for (const deliver of Object.values(deliveries)) {
      const upstream = await scriptedUpstream(async (socket) => {
        await deliver(socket, answer);
        if (closes) socket.end();
      });
      const result = await dialUpstream(upstream.address);
      const told = result.type === "refused" ? { ...result.rejection, body: String(result.rejection.body) } : result;
      expect(told).toEqual(rejection);
      await upstream.allClosed();
    }
  });

  test.each([
    { what: "a length", head: "Content-Length: 200000\r\n\r\n", chunkHead: "" },
    { what: "chunks", head: "Transfer-Encoding: chunked\r\n\r\n", chunkHead: "30d40\r\n" },
    { what: "no end", head: "\r\n", chunkHead: "" },
  ])("with more than 64 KiB is cut there: $what", async ({ head, chunkHead }) => {
    const body = "0123456789".repeat(20_000);
    const upstream = await scriptedUpstream((socket) => {
      socket.write(`HTTP/1.1 404 Not Found\r\n${head}${chunkHead}${body}`);
    });
    const result = await dialUpstream(upstream.address);
    if (result.type !== "refused") throw new Error(result.type);
    expect(String(result.rejection.body)).toBe(body.slice(0, 65_536));
    await upstream.allClosed();
  });
});

describe("an upstream that breaks the rules is invalid:", () => {
  const ok = "HTTP/1.1 200 OK\r\n";
  test.each<{ what: string; answer: (request: string) => string; detail: string }>([
    { what: "another protocol", answer: () => "220 mail.example ESMTP\r\n", detail: "not HTTP/1.x" },
    { what: "bytes at random", answer: () => "\x16\x03\x01\x02\0", detail: "not HTTP/1.x" },
    { what: "a head without an end", answer: () => `${ok}A: ${"b".repeat(17_000)}`, detail: "head above 16 KiB" },
    { what: "LF alone", answer: () => "HTTP/1.1 404 Not Found\n\n", detail: "line feed alone" },
    { what: "200", answer: () => `${ok}Content-Length: 0\r\n\r\n`, detail: "a success other than 101" },
    { what: "204", answer: () => "HTTP/1.1 204 No Content\r\n\r\n", detail: "a success other than 101" },
    {
      what: "the accept of another key",
      answer: () => switching("Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="),
      detail: "101 with a wrong accept key",
    },
    {
      what: "a subprotocol not offered",
      answer: (head) => switching(head, "Sec-WebSocket-Protocol: other"),
      detail: "101 with a subprotocol not offered",
    },
    {
      what: "an extension not offered",
      answer: (head) => switching(head, "Sec-WebSocket-Extensions: x-other"),
      detail: "101 with an extension not offered",
    },
    {
      what: "a 101 to something else",
      answer: (head) => switching(head).replace("Upgrade: websocket", "Upgrade: h2c"),
      detail: "101 to another protocol",
    },
    {
      what: "a 101 with a body",
      answer: (head) => switching(head, "Content-Length: 1"),
      detail: "101 with Content-Length",
    },
    {
      what: "a 101 in HTTP/1.0",
      answer: (head) => switching(head).replace("HTTP/1.1", "HTTP/1.0"),
      detail: "101 in HTTP/1.0",
    },
    {
      what: "a body of two lengths",
      answer: () => "HTTP/1.1 404 No\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
      detail: "a body without a certain end",
    },
    {
      what: "chunks that are none",
      answer: () => "HTTP/1.1 404 No\r\nTransfer-Encoding: chunked\r\n\r\nhello\r\n",
      detail: "invalid chunked coding",
    },
  ])("$what", async ({ answer, detail }) => {
    const upstream = await scriptedUpstream((socket, head) => socket.write(answer(head), "latin1"));
    expect(await dialUpstream(upstream.address)).toEqual({ type: "invalid", detail });
    await upstream.allClosed();
  });
});

describe("real upstreams", () => {
  test("ws agrees on subprotocol and compression, and answers a message", async () => {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: true });
    onTestFinished(() => server.close());
    server.on("connection", (socket) =>
      socket.on("message", (data: Buffer) => socket.send(`heard ${data.toString()}`, { compress: false })),
    );
    await once(server, "listening");
    const { stream, observer, answer } = await accepted(dialUpstream(addressOf(server.address())));
    expect(answer.subprotocol).toBe("chat");
    expect(answer.extensions).toMatch(/^permessage-deflate/);
    const frame = encodeFrame(textFrame("hello"), { maskKey: createMaskKey() });
    stream.write(frame, 0, frame.length, "kept");
    const expected = Buffer.from(encodeFrame(textFrame("heard hello")));
    await observer.until("the answer", () => observer.receivedBytes >= expected.length);
    expect(observer.received).toEqual(expected);
  });

  test.each([401, 403, 404, 429, 503])(
    "node:http says %i and is passed on, by length and in chunks",
    async (status) => {
      for (const listener of [
        (_request, response) => response.writeHead(status, { "content-length": 4, "x-own": "1" }).end("page"),
        (_request, response) => {
          response.writeHead(status, { "x-own": "1" }).write("pa");
          setImmediate(() => response.end("ge"));
        },
      ] satisfies RequestListener[]) {
        const server = createHttpServer(listener);
        server.listen(0, "127.0.0.1");
        onTestFinished(() => void server.close());
        await once(server, "listening");
        const result = await dialUpstream(addressOf(server.address()));
        if (result.type !== "refused") throw new Error(result.type);
        expect(result.rejection.status).toBe(status);
        expect(String(result.rejection.body)).toBe("page");
        expect(result.rejection.fields.slice(0, 2)).toEqual(["x-own", "1"]);
        expect(result.rejection.fields).not.toContain("transfer-encoding");
      }
    },
  );
});

function addressOf(address: unknown): UpstreamAddress {
  return { transport: { type: "tcp", host: "127.0.0.1", port: (address as AddressInfo).port }, tls: undefined };
}
