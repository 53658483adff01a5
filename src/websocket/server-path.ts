import { comparablePath, isOriginForm } from "../protocol/handshake/request-target.ts";

/**
 * Whether a path as received is the one that `pattern` names, or below it where that ends in `/*`. Compared is the form of
 * `comparablePath`, without the query.
 *
 * @param option - what it was given as.
 * @throws TypeError for a pattern that no path can fit.
 */
export function pathMatcher(pattern: string, option: string): (path: string) => boolean {
  const isPrefix = pattern.endsWith("/*");
  const written = comparablePath(isPrefix ? pattern.slice(0, -1) : pattern);
  if (written === undefined || !isOriginForm(pattern) || pattern.includes("?")) {
    const allowed = "one that begins with a slash, without query, fragment or dot segments, such as /chat or /rooms/*";
    throw new TypeError(`${option} is ${JSON.stringify(pattern)}, not ${allowed}`);
  }
  return (path) => {
    const asked = comparablePath(path.replace(/\?.*$/s, ""));
    return asked === written || (isPrefix && asked?.startsWith(written) === true);
  };
}
