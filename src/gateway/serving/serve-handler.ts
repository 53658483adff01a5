import { acceptExtensions } from "../../protocol/handshake/extension-negotiation.ts";
import type { Extension } from "../../protocol/message/extension.ts";
import { WebSocketRequest } from "../../websocket/request.ts";
import { chooseSubprotocol } from "../../protocol/handshake/negotiation.ts";
import type { ByteStream } from "../../transport/byte-stream.ts";
import type { Opening } from "../../transport/opening.ts";
import type { OpeningTrace } from "../telemetry/tracing.ts";
import { WebSocketConnection } from "../../websocket/connection.ts";
import { lingerMsOf } from "../../websocket/linger.ts";
import type { OpeningReport } from "./opening-report.ts";
import type { StreamLimits } from "../config/config.ts";
import { ServedStream, type MovedStream } from "./served-stream.ts";
import type { StreamContext } from "./serving-context.ts";
import type { HandlerRoute } from "./site.ts";

/**
 * Accepts the opening and runs the route's handler on it, in this process.
 *
 * @param release - called once: when the WebSocket is over, or at once where the opening cannot be accepted.
 * @throws TypeError for a subprotocol of the handler's that is no field value.
 */
export function serveHandler(
  opening: Opening,
  route: HandlerRoute,
  report: OpeningReport,
  context: StreamContext,
  release: () => void,
): void {
  const subprotocol = chooseSubprotocol(route.subprotocols, opening.request.subprotocols);
  const { value, extensions } = acceptExtensions(opening.request.extensions, route.extensions);
  let stream: ByteStream;
  try {
    stream = opening.accept({ subprotocol, extensions: value });
  } catch (error) {
    release();
    throw error;
  }
  report.accepted();
  connect(opening, route, { stream, subprotocol, extensions, value, trace: report.trace }, context, release);
}

/** An opening that was accepted, and with what. */
interface Agreed {
  readonly stream: ByteStream;
  readonly subprotocol: string | undefined;
  readonly extensions: readonly Extension[];
  /** `Sec-WebSocket-Extensions` of the answer. */
  readonly value: string | undefined;
  readonly trace: OpeningTrace | undefined;
}

function connect(
  opening: Opening,
  { name, config, handler, handlerName }: HandlerRoute,
  agreed: Agreed,
  context: StreamContext,
  release: () => void,
): void {
  const { closeMs, writeStallMs } = context.deadlines;
  const agreement = { subprotocol: agreed.subprotocol, extensions: agreed.value };
  const { remoteAddress: address, remotePort: port, tls } = opening.connection;
  const served = new ServedStream(
    opening,
    { route: name, upstream: handlerName, limits: config.streams, tail: config.tail, agreement, trace: agreed.trace },
    context,
    release,
  );
  const { stream, subprotocol, extensions } = agreed;
  const connection = new WebSocketConnection(stream, {
    role: "server",
    // What a handler does not take is dropped, so that a peer is not held for a `receive` that never comes.
    handler: { onMessage: () => {}, onError: (_, failure) => context.handlerFailed(name, failure), ...handler },
    request: new WebSocketRequest(opening.request, { address, port, tls }, undefined),
    subprotocol,
    extensions,
    ...limitsOf(config.streams),
    closeMs,
    writeStallMs,
    pingIntervalMs: Infinity,
    idleMs: Infinity,
    lingerMs: lingerMsOf(opening),
    incoming: served.toUpstream,
    outgoing: served.toClient,
    onRoundTrip: served.onPingAnswered,
    onLimit: served.onLimit,
    onEnded: served.onEnded,
  });
  served.begin(movedBy(connection, stream));
}

function movedBy(connection: WebSocketConnection, stream: ByteStream): MovedStream {
  return {
    close: (code, cause) => connection.drain(code, cause),
    abort: () => connection.abort(),
    watch: (watch) => connection.watch(watch?.toUpstream, watch?.toClient),
    get moment() {
      return {
        state: connection.state === "open" ? "open" : "closing",
        bufferedToUpstream: connection.heldBytes,
        bufferedToClient: connection.bufferedBytes,
        sendWindow: stream.sendWindow ?? null,
      } as const;
    },
  };
}

/** Where the config has no limit, there is none. */
function limitsOf({ maxMessageBytes, maxFrameBytes, maxFragments, maxBufferedBytes }: StreamLimits) {
  return {
    maxMessageBytes: maxMessageBytes ?? Infinity,
    maxFrameBytes: maxFrameBytes ?? Infinity,
    maxFragments: maxFragments ?? Infinity,
    maxBufferedBytes,
  };
}
