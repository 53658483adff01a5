import type { Socket } from "node:net";
import type { H2Connection, H2Engine, H2Options } from "./h2-acceptor.ts";
import type { H2Observer } from "./h2-observer.ts";
import { NodeH2Connection } from "./node-h2-connection.ts";
import type { AcceptorSink, ConnectionFacts } from "./opening.ts";
import type { AcceptorDeadlines, HeaderLimits } from "./transport-limits.ts";

/**
 * The engine `node`: node:http2 frames. Its limits, which no option lifts: frames in the same read as a HEADERS are handled
 * before the request is seen, so DATA right behind a CONNECT with content-length ends the session; streams reset in a read
 * count as open until it is over, so of as many new ones in the same read some are reset with ENHANCE_YOUR_CALM; a
 * half-received header block is found by PING, up to a quarter late; streams after GOAWAY are ignored and not refused; field
 * lines with a control character or an invalid name are left out and their request served; DATA beyond its content-length ends
 * the session; a request with fields of more than four times the limit is reset, and nobody is told.
 */
export class NodeH2Engine implements H2Engine {
  readonly #http2: H2Options;
  readonly #deadlines: AcceptorDeadlines;
  readonly #headers: HeaderLimits;
  readonly #observer: H2Observer | undefined;

  /** @param observer - hears of no window that is used up; what nghttp2 resets by itself it takes for the client's. */
  constructor(http2: H2Options, deadlines: AcceptorDeadlines, headers: HeaderLimits, observer?: H2Observer) {
    this.#http2 = http2;
    this.#deadlines = deadlines;
    this.#headers = headers;
    this.#observer = observer;
  }

  serve(
    socket: Socket,
    facts: ConnectionFacts,
    sink: AcceptorSink,
    onClose: () => void,
    settingsMs: number,
  ): H2Connection {
    const own = { http2: this.#http2, deadlines: this.#deadlines, headers: this.#headers, observer: this.#observer };
    return new NodeH2Connection(socket, { ...own, facts, sink, onClose, settingsMs });
  }
}
