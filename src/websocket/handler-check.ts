import { tryNearest } from "../protocol/nearest.ts";
import type { WebSocketHandler } from "./handler.ts";
import { Callback, checkValue, isObject, type ValueRule } from "./option-rules.ts";

const Methods: Readonly<Record<keyof WebSocketHandler, ValueRule>> = {
  onOpen: Callback,
  onMessage: Callback,
  onMessageStream: Callback,
  onPing: Callback,
  onPong: Callback,
  onDrain: Callback,
  onClose: Callback,
  onError: Callback,
};

/** A handler, whatever its methods; a class with static ones is one too. */
export const HandlerRule: ValueRule = {
  allowed: "an object with methods such as { onMessage(connection, message) {} }",
  isAllowed: (value) =>
    isObject(value) || (typeof value === "function" && Object.keys(Methods).some((name) => name in value)),
};

/**
 * Holds the methods of `handler`, the value of `option`, to be functions. It may have others of its own, but none whose name is
 * only another spelling of one of ours: that would never be called.
 *
 * @throws TypeError for what would never be called.
 */
export function checkHandler(handler: WebSocketHandler | undefined, option: string): void {
  if (handler === undefined) return;
  const methods: Readonly<Record<string, unknown>> = { ...handler };
  for (const [name, value] of Object.entries(methods)) {
    if (Object.hasOwn(Methods, name) || typeof value !== "function") continue;
    const nearest = spelledLike(name);
    if (nearest !== undefined) throw new TypeError(`${option}.${name} is never called: did you mean ${nearest}?`);
  }
  for (const [name, rule] of Object.entries(Methods)) {
    const method: unknown = Reflect.get(handler, name);
    if (method !== undefined) checkValue(`${option}.${name}`, method, rule);
  }
}

/** The method that `name` is, but for the case of its letters or one letter: `onPost` and `reopen` are an application's own. */
function spelledLike(name: string): string | undefined {
  if (!/^on/i.test(name)) return undefined;
  const nearest = tryNearest(name, Object.keys(Methods), 1);
  return nearest !== undefined && Math.abs(nearest.length - name.length) <= 1 ? nearest : undefined;
}
