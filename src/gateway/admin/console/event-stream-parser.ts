/** One message of Server-Sent Events. */
export interface ServerSentEvent {
  /** `message` where the server gave it no name. */
  readonly event: string;
  readonly data: string;
}

/** More than one event ever has; a server that sends an endless line is not kept in memory. */
const MaxPendingCharacters = 1_048_576;

/**
 * Reads `text/event-stream` piece by piece (HTML, 9.2.6). `EventSource` cannot send `Authorization`, so the console reads
 * the bytes of a fetch itself.
 */
export class EventStreamParser {
  #pending = "";
  #event = "";
  #data: string[] = [];

  /**
   * Takes the next piece and returns the events that it ends.
   *
   * @throws Error where a line never ends.
   */
  push(text: string): ServerSentEvent[] {
    const events: ServerSentEvent[] = [];
    // A CR at the end may be the first half of a CRLF: it waits for what follows.
    const all = this.#pending + text;
    const isHeld = all.endsWith("\r");
    const lines = (isHeld ? all.slice(0, -1) : all).split(/\r\n|\n|\r/);
    this.#pending = (lines.pop() ?? "") + (isHeld ? "\r" : "");
    if (this.#pending.length > MaxPendingCharacters) throw new Error("an event of the server has no end");
    for (const line of lines) {
      const event = this.#tryLine(line);
      if (event !== undefined) events.push(event);
    }
    return events;
  }

  #tryLine(line: string): ServerSentEvent | undefined {
    if (line === "") return this.#tryDispatch();
    const colon = line.indexOf(":");
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.#event = value;
    if (field === "data") this.#data.push(value);
    return undefined;
  }

  #tryDispatch(): ServerSentEvent | undefined {
    const event = this.#event === "" ? "message" : this.#event;
    const data = this.#data;
    this.#event = "";
    this.#data = [];
    return data.length === 0 ? undefined : { event, data: data.join("\n") };
  }
}
