import { once } from "node:events";
import { createServer as createH1Server, type IncomingMessage } from "node:http";
import { createServer as createH2Server, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo, Server, Socket } from "node:net";
import { farEndOf } from "../../support/far-end.ts";
import { createEchoClient } from "./echo.ts";
import type { EndpointUnderTest, TesterLeg } from "./endpoint.ts";
import { acceptOf } from "./server-endpoint.ts";
import { answerTo } from "./tester-deflate.ts";

const WindowBytes = 1_048_576;

/** What the tester answers to a client that offered these extensions; empty for none. */
type AnswerExtensions = (offered: string) => string;

/** Takes the next client that asks. */
interface TesterServer {
  readonly port: number;
  accept(answer: AnswerExtensions): Promise<TesterLeg>;
  close(): void;
}

/** A client that echoes, and a tester that is its server over one HTTP version. */
export async function startClientEndpoint(version: "h1" | "h2"): Promise<EndpointUnderTest> {
  const tester = version === "h1" ? await startH1Tester() : await startH2Tester();
  const client = createEchoClient(version);
  return {
    role: "client",
    open: async (terms) => {
      const accepted = tester.accept((offered) => (terms === undefined ? "" : answerTo(offered, terms)));
      const [leg] = await Promise.all([accepted, client.connect(`ws://127.0.0.1:${tester.port}/`)]);
      return leg;
    },
    close: async () => {
      await client.close();
      tester.close();
    },
  };
}

/** Hands each client that asks to whoever waits for one. */
class Turnstile<Asked> {
  #waiting: ((asked: Asked) => void) | undefined;

  next(): Promise<Asked> {
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  pass(asked: Asked): void {
    this.#waiting?.(asked);
    this.#waiting = undefined;
  }
}

async function listening(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

async function startH1Tester(): Promise<TesterServer> {
  const turnstile = new Turnstile<readonly [IncomingMessage, Socket, Buffer]>();
  const server = createH1Server({ noDelay: true });
  server.on("upgrade", (request, socket: Socket, early) => turnstile.pass([request, socket, early]));
  const port = await listening(server);
  return {
    port,
    async accept(answer) {
      const [request, socket, early] = await turnstile.next();
      const extensions = answer(request.headers["sec-websocket-extensions"] ?? "");
      const lines = [
        "HTTP/1.1 101 Switching Protocols",
        "Connection: Upgrade",
        "Upgrade: websocket",
        `Sec-WebSocket-Accept: ${acceptOf(request.headers["sec-websocket-key"] ?? "")}`,
        ...(extensions === "" ? [] : [`Sec-WebSocket-Extensions: ${extensions}`]),
      ];
      socket.write(`${lines.join("\r\n")}\r\n\r\n`);
      if (early.length > 0) socket.unshift(early);
      return { far: farEndOf(socket, { reset: () => socket.resetAndDestroy(), resetCode: undefined }), extensions };
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function startH2Tester(): Promise<TesterServer> {
  const turnstile = new Turnstile<readonly [ServerHttp2Stream, IncomingHttpHeaders]>();
  const server = createH2Server({ settings: { enableConnectProtocol: true, initialWindowSize: WindowBytes } });
  server.on("session", (session) => {
    session.on("error", () => undefined);
    session.setLocalWindowSize(WindowBytes);
  });
  server.on("stream", (stream, headers) => turnstile.pass([stream, headers]));
  const port = await listening(server);
  return {
    port,
    async accept(answer) {
      const [stream, headers] = await turnstile.next();
      const extensions = answer(headers["sec-websocket-extensions"] ?? "");
      stream.respond({
        ":status": 200,
        ...(extensions === "" ? {} : { "sec-websocket-extensions": extensions }),
      });
      const far = farEndOf(stream, {
        reset: () => stream.close(8),
        resetCode: 8,
        wasReset: () => stream.rstCode !== 0,
      });
      return { far, extensions };
    },
    close: () => void server.close(),
  };
}
