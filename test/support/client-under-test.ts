import { onTestFinished } from "vitest";
import { WebSocketError } from "../../src/protocol/errors.ts";
import { WebSocketClient } from "../../src/websocket/client.ts";
import type { ConnectOptions } from "../../src/websocket/connect-options.ts";

/** A client that is closed, and has nothing left, when the test is over. */
export function clientFor(defaults: ConnectOptions = {}): WebSocketClient {
  const client = new WebSocketClient({ closeMs: 20, ...defaults });
  onTestFinished(() => client.close());
  return client;
}

/** The WebSocketError that `opening` must end with. */
export async function failureOf(opening: Promise<unknown>): Promise<WebSocketError> {
  const error: unknown = await opening.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof WebSocketError) return error;
  throw new Error("no WebSocketError", { cause: error });
}
