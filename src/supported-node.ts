// This file runs on any Node that reads ES modules: it must stay within what Node 18 has, and import nothing.

/** The Node versions hawser runs on, as `engines` in package.json says it: older ones miss security fixes of HTTP/2. */
export const SupportedNodes = ">=24.18.1 <25 || >=26.5.1";

const FirstOfLine: readonly (readonly [major: number, minor: number, patch: number])[] = [
  [24, 18, 1],
  [26, 5, 1],
];

/** Whether `version` (`24.21.0`, as in `process.versions.node`) is in {@link SupportedNodes}. */
export function isSupportedNode(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split(".").map((part) => Number.parseInt(part, 10));
  if (major > 26) return true;
  const first = FirstOfLine.find((line) => line[0] === major);
  return first !== undefined && (minor > first[1] || (minor === first[1] && patch >= first[2]));
}
