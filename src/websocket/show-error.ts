import { WebSocketError } from "../protocol/errors.ts";

/**
 * Shows `error` where nobody asked to be told, as a warning of the process, with the lines of its stack: there is no other trace
 * of it.
 */
export function showError(error: unknown): void {
  const isError = error instanceof Error;
  const warning = new Error(isError ? error.message : String(error), { cause: error });
  if (isError) warning.name = error.name;
  // What node prints behind the message, whether or not it traces warnings.
  process.emitWarning(Object.assign(warning, { detail: isError ? stackLines(error) : "" }));
}

/** Whether it is the application's own: what the peer did wrong it is told itself, and would only fill a log. */
export function isOwnError(error: unknown): boolean {
  return !(error instanceof WebSocketError) || error.origin === "caller";
}

/** The lines of a stack behind those that are the message. */
function stackLines({ message, stack = "" }: Error): string {
  const lines = stack.slice(stack.indexOf(message) + message.length);
  return lines.slice(Math.max(0, lines.search(/^ +at /m)));
}
