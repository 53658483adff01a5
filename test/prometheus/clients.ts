import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { request } from "node:https";
import { connect as connectTcp } from "node:net";
import { connect as connectTls } from "node:tls";
import { h1Client, h2Client, type OpeningClient } from "../support/opening-client.ts";

export const Versions = ["h1", "h2"] as const;
export type Version = (typeof Versions)[number];

/** A way into a gateway over one HTTP version. */
export interface Door {
  /** A client that has asked for nothing yet: on HTTP/1.1 on a connection of its own, on HTTP/2 with all others on one. */
  connect(): Promise<OpeningClient>;
  /** An ordinary request, over HTTP/1.1; resolves with the status. */
  get(path: string): Promise<number>;
  /** Connects, and says what is no TLS; resolves when that is ended. */
  failToConnect(): Promise<void>;
  /** Ends its connections: on HTTP/2 with a GOAWAY. */
  end(): void;
}

/** Clients that last beyond a test, and all that they have open. */
export class Clients {
  readonly #open = new Set<() => void>();

  /** A new door of the listener at `url`, whose certificate is `certificate`. */
  async doorOf({ url, certificate, version }: DoorPlace): Promise<Door> {
    const { port } = new URL(url);
    const where = { host: "localhost", port: Number(port), ca: certificate };
    const waysOfBoth = { get: (path: string) => statusOf(where, path), failToConnect: () => failToConnect(where) };
    return { ...waysOfBoth, ...(version === "h1" ? this.#h1Ways(where) : await this.#h2Ways(where)) };
  }

  /** Ends all at once. */
  stop(): void {
    for (const end of this.#open) end();
  }

  #h1Ways(where: Where): VersionWays {
    const ends: (() => void)[] = [];
    return {
      connect: async () => {
        const socket = connectTls({ ...where, ALPNProtocols: ["http/1.1"] });
        const end = this.#until(socket, () => void socket.destroy());
        ends.push(end);
        await once(socket, "secureConnect");
        return h1Client(socket);
      },
      end: () => ends.forEach((end) => end()),
    };
  }

  async #h2Ways({ host, port, ca }: Where): Promise<VersionWays> {
    const session = connectHttp2(`https://${host}:${port}`, { ca });
    this.#until(session, () => session.destroy());
    await once(session, "remoteSettings");
    return { connect: () => Promise.resolve(h2Client(session)), end: () => session.close() };
  }

  /** Keeps `end` until what it ends has closed. */
  #until(open: NodeJS.EventEmitter, end: () => void): () => void {
    this.#open.add(end);
    open.on("error", () => undefined).once("close", () => this.#open.delete(end));
    return end;
  }
}

interface DoorPlace {
  readonly url: string;
  readonly certificate: string;
  readonly version: Version;
}

interface Where {
  readonly host: string;
  readonly port: number;
  readonly ca: string;
}

type VersionWays = Pick<Door, "connect" | "end">;

const DeadlineMs = 5_000;

async function statusOf(where: Where, path: string): Promise<number> {
  const asked = request({ ...where, path, agent: false }).end();
  const [response] = (await once(asked, "response", { signal: AbortSignal.timeout(DeadlineMs) })) as [IncomingMessage];
  response.resume();
  return response.statusCode ?? 0;
}

async function failToConnect({ host, port }: Where): Promise<void> {
  const socket = connectTcp({ host, port });
  socket.on("error", () => undefined);
  socket.end("this is no ClientHello");
  socket.resume();
  await once(socket, "close", { signal: AbortSignal.timeout(DeadlineMs) });
}
