/**
 * The kind of `failure` and its stack, a line each, without its message: that of an application's own error may quote what a
 * client sent.
 */
export function failureTrace(failure: unknown): string {
  if (!(failure instanceof Error)) return typeof failure;
  const stack = (failure.stack ?? "").replace(failure.message, "");
  const frames = stack.split("\n").filter((line) => line.startsWith("    at "));
  return [failure.name, ...frames].join("\n");
}
