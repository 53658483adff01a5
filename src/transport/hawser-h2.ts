import type { Socket } from "node:net";
import { H2ServerConnection } from "./h2/h2-connection.ts";
import { OutputBuffers } from "./h2/output-buffers.ts";
import type { H2Connection, H2Engine, H2Options } from "./h2-acceptor.ts";
import type { AcceptorSink, ConnectionFacts } from "./opening.ts";
import type { AcceptorDeadlines, HeaderLimits } from "./transport-limits.ts";

/** The engine `hawser`: HTTP/2 framed on the socket itself, in `h2/`. */
export class HawserH2Engine implements H2Engine {
  readonly #http2: H2Options;
  readonly #deadlines: AcceptorDeadlines;
  readonly #headers: HeaderLimits;
  readonly #buffers = new OutputBuffers();

  constructor(http2: H2Options, deadlines: AcceptorDeadlines, headers: HeaderLimits) {
    this.#http2 = http2;
    this.#deadlines = deadlines;
    this.#headers = headers;
  }

  serve(
    socket: Socket,
    facts: ConnectionFacts,
    sink: AcceptorSink,
    onClose: () => void,
    settingsMs: number,
  ): H2Connection {
    const own = { http2: this.#http2, deadlines: this.#deadlines, headers: this.#headers, buffers: this.#buffers };
    return new H2ServerConnection(socket, { ...own, facts, sink, onClose, settingsMs });
  }
}
