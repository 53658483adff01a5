import { onTestFinished } from "vitest";
import { EventStreamParser, type ServerSentEvent } from "../../src/gateway/admin/console/event-stream-parser.ts";

/** Who listens to Server-Sent Events, until the test is over. */
export interface EventReader {
  readonly response: Response;
  /** The next event; `undefined` at the end. Rejects after eight seconds. */
  next(): Promise<ServerSentEvent | undefined>;
  /** Goes away. */
  leave(): void;
}

/** Asks for the events at `url`. */
export async function readEvents(url: string, init: RequestInit = {}): Promise<EventReader> {
  const gone = new AbortController();
  onTestFinished(() => gone.abort());
  const response = await fetch(url, { ...init, signal: gone.signal });
  const parser = new EventStreamParser();
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  const waiting: ServerSentEvent[] = [];
  const read = async (): Promise<ServerSentEvent | undefined> => {
    while (waiting.length === 0) {
      // oxlint-disable-next-line no-await-in-loop -- events come one behind the other
      const part = await reader?.read();
      if (part === undefined || part.done) return undefined;
      waiting.push(...parser.push(part.value));
    }
    return waiting.shift();
  };
  return {
    response,
    next: () => Promise.race([read(), silence()]),
    leave: () => gone.abort(),
  };
}

function silence(): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error("no event came")), 8_000).unref();
  });
}
