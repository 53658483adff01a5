import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { request as requestH1, type IncomingMessage } from "node:http";
import { connect as connectH2, type ClientHttp2Session, type IncomingHttpHeaders } from "node:http2";
import { connect as connectTcp, type Socket } from "node:net";
import type { H2EngineName } from "../../../src/transport/h2-acceptor.ts";
import { farEndOf } from "../../support/far-end.ts";
import { startEchoServer } from "./echo.ts";
import type { EndpointUnderTest, TesterLeg } from "./endpoint.ts";
import { checkAnswer, offerOf } from "./tester-deflate.ts";

const WindowBytes = 1_048_576;

/** The answer to the key of an opening (RFC 6455 §4.2.2). */
export function acceptOf(key: string): string {
  return createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
}

/** A WebSocketServer that echoes, and a tester that is its client over one HTTP version; `engine` is the server's for h2. */
export async function startServerEndpoint(version: "h1" | "h2", engine?: H2EngineName): Promise<EndpointUnderTest> {
  const { server, port } = await startEchoServer(engine);
  const tester = version === "h1" ? h1Tester(port) : await h2Tester(port);
  return {
    role: "server",
    open: async (terms) => {
      const leg = await tester.open(terms === undefined ? {} : { "sec-websocket-extensions": offerOf(terms) });
      if (terms !== undefined) checkAnswer(leg.extensions, terms);
      return leg;
    },
    close: async () => {
      tester.close();
      await server.close();
    },
  };
}

interface TesterClient {
  open(fields: Readonly<Record<string, string>>): Promise<TesterLeg>;
  close(): void;
}

function h1Tester(port: number): TesterClient {
  return {
    async open(fields) {
      const key = randomBytes(16).toString("base64");
      const request = requestH1({
        host: "127.0.0.1",
        port,
        createConnection: () => connectTcp({ host: "127.0.0.1", port, allowHalfOpen: true, noDelay: true }),
        headers: {
          connection: "Upgrade",
          upgrade: "websocket",
          "sec-websocket-key": key,
          "sec-websocket-version": "13",
          ...fields,
        },
      });
      request.on("response", (response) => request.destroy(new Error(`refused with ${response.statusCode}`)));
      request.end();
      const [response, socket, early] = (await once(request, "upgrade")) as [IncomingMessage, Socket, Buffer];
      if (response.headers["sec-websocket-accept"] !== acceptOf(key)) throw new Error("the answer is to another key");
      if (early.length > 0) socket.unshift(early);
      const far = farEndOf(socket, { reset: () => socket.resetAndDestroy(), resetCode: undefined });
      return { far, extensions: extensionsIn(response.headers) };
    },
    close: () => undefined,
  };
}

async function h2Tester(port: number): Promise<TesterClient> {
  const session = connectH2(`http://127.0.0.1:${port}`, { settings: { initialWindowSize: WindowBytes } });
  session.on("error", () => undefined);
  await once(session, "remoteSettings");
  session.setLocalWindowSize(WindowBytes);
  return { open: (fields) => openStream(session, port, fields), close: () => session.destroy() };
}

async function openStream(
  session: ClientHttp2Session,
  port: number,
  fields: Readonly<Record<string, string>>,
): Promise<TesterLeg> {
  const stream = session.request(
    {
      ":method": "CONNECT",
      ":protocol": "websocket",
      ":scheme": "http",
      ":authority": `127.0.0.1:${port}`,
      ":path": "/",
      "sec-websocket-version": "13",
      ...fields,
    },
    { endStream: false },
  );
  const [headers] = (await once(stream, "response")) as [IncomingHttpHeaders & { ":status"?: number }];
  if (headers[":status"] !== 200) throw new Error(`refused with ${headers[":status"]}`);
  const far = farEndOf(stream, {
    reset: () => stream.close(8),
    resetCode: 8,
    wasReset: () => stream.rstCode !== 0,
  });
  return { far, extensions: extensionsIn(headers) };
}

function extensionsIn(fields: IncomingHttpHeaders): string {
  return fields["sec-websocket-extensions"] ?? "";
}
