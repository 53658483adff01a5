import { basename, extname } from "node:path";
import { pathToFileURL } from "node:url";
import { isToken } from "../../protocol/handshake/field-values.ts";
import type { WebSocketHandler } from "../../websocket/handler.ts";
import { echo } from "./echo.ts";

/** An in-process handler and what it tells of itself at the opening. */
export interface LoadedHandler {
  /** Its name in logs and metrics: `echo`, or the name of the module's file without its ending. */
  readonly handlerName: string;
  readonly handler: WebSocketHandler;
  /** Subprotocols it speaks, in order of preference; empty if it speaks none by name. */
  readonly subprotocols: readonly string[];
}

/** How long a module may take to load, with all that it awaits at its top level. */
const LoadMs = 30_000;

const Callbacks = [
  "onOpen",
  "onMessage",
  "onMessageStream",
  "onPing",
  "onPong",
  "onDrain",
  "onClose",
  "onError",
] as const satisfies readonly (keyof WebSocketHandler)[];

/**
 * The handler a route names: `echo`, or the module at the absolute path `name`, whose exports with the names of a
 * {@link WebSocketHandler}'s methods are the handler, and whose export `subprotocols` (optional) lists tokens.
 *
 * @throws Error naming the module and what is wrong with it, also that it was not loaded within 30 s.
 */
export async function loadHandler(name: string): Promise<LoadedHandler> {
  if (name === "echo") return { handlerName: name, handler: echo, subprotocols: [] };
  const exports = await importModule(name);
  if (!isHandler(exports)) {
    throw new Error(`handler ${name} must export at least one of ${Callbacks.join(", ")}, each a function`);
  }
  const subprotocols: unknown = Reflect.get(exports, "subprotocols") ?? [];
  if (!isSubprotocolList(subprotocols)) throw new Error(`handler ${name}: subprotocols must be an array of tokens`);
  return { handlerName: handlerNameOf(name), handler: exports, subprotocols };
}

/** The name of the handler `name` in logs and metrics. */
export function handlerNameOf(name: string): string {
  return basename(name, extname(name));
}

async function importModule(path: string): Promise<object> {
  const late = Promise.withResolvers<never>();
  const deadline = setTimeout(() => late.reject(new Error(`not ready after ${LoadMs / 1000} s`)), LoadMs);
  try {
    const exports: object = await Promise.race([import(pathToFileURL(path).href), late.promise]);
    return exports;
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`handler ${path} cannot be loaded: ${detail}`, { cause });
  } finally {
    clearTimeout(deadline);
  }
}

function isHandler(exports: object): exports is WebSocketHandler {
  const present = Callbacks.filter((name) => name in exports);
  return present.length > 0 && present.every((name) => typeof Reflect.get(exports, name) === "function");
}

function isSubprotocolList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string" && isToken(one));
}
