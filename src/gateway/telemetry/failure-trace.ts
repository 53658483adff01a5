import { printable } from "../config/printable.ts";

/**
 * The kind of `failure` and its stack, a line each, without its message: that of an application's own error may quote what a
 * client sent.
 */
export function failureTrace(failure: unknown): string {
  if (!(failure instanceof Error)) return typeof failure;
  // An application may have made anything of what an error has.
  const [name, message, stack]: readonly unknown[] = [failure.name, failure.message, failure.stack];
  const lines = String(stack).replace(String(message), "").split("\n");
  return [String(name), ...lines.filter((line) => line.startsWith("    at "))].map(printable).join("\n");
}
