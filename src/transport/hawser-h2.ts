import type { Socket } from "node:net";
import { H2ServerConnection } from "./h2/h2-connection.ts";
import { OutputBuffers } from "./h2/output-buffers.ts";
import { UnreadBytes } from "./h2/unread-bytes.ts";
import { DeadlineList } from "./deadline-list.ts";
import type { H2Connection, H2Engine, H2Options } from "./h2-acceptor.ts";
import type { H2Observer } from "./h2-observer.ts";
import type { AcceptorSink, ConnectionFacts } from "./opening.ts";
import type { AcceptorDeadlines, HeaderLimits } from "./transport-limits.ts";

/** The engine `hawser`: HTTP/2 framed on the socket itself, in `h2/`. */
export class HawserH2Engine implements H2Engine {
  readonly #http2: H2Options;
  readonly #deadlines: AcceptorDeadlines;
  readonly #headers: HeaderLimits;
  readonly #answering: DeadlineList;
  readonly #buffers = new OutputBuffers();
  readonly #unread: UnreadBytes;
  readonly #observer: H2Observer | undefined;

  /** @param unread - of all engines of a process. */
  constructor(
    http2: H2Options,
    deadlines: AcceptorDeadlines,
    headers: HeaderLimits,
    unread: UnreadBytes = new UnreadBytes(),
    observer?: H2Observer,
  ) {
    this.#unread = unread;
    this.#observer = observer;
    this.#http2 = http2;
    this.#deadlines = deadlines;
    this.#answering = new DeadlineList(deadlines.answerMs);
    this.#headers = headers;
  }

  serve(
    socket: Socket,
    facts: ConnectionFacts,
    sink: AcceptorSink,
    onClose: () => void,
    settingsMs: number,
  ): H2Connection {
    return new H2ServerConnection(socket, {
      http2: this.#http2,
      deadlines: this.#deadlines,
      headers: this.#headers,
      answering: this.#answering,
      buffers: this.#buffers,
      unread: this.#unread,
      observer: this.#observer,
      facts,
      sink,
      onClose,
      settingsMs,
    });
  }
}
