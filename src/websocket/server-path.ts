import { comparablePath, isOriginForm } from "../protocol/handshake/request-target.ts";

/**
 * Whether a path as received is the one that `pattern` names, or below it where that ends in `/*`. Compared is the form of
 * `comparablePath`, without the query.
 *
 * @throws TypeError for a pattern that no path can fit.
 */
export function pathMatcher(pattern: string): (path: string) => boolean {
  const isPrefix = pattern.endsWith("/*");
  const written = comparablePath(isPrefix ? pattern.slice(0, -1) : pattern);
  if (written === undefined || !isOriginForm(pattern) || pattern.includes("?")) throw new TypeError("no path");
  return (path) => {
    const asked = comparablePath(path.replace(/\?.*$/s, ""));
    return asked === written || (isPrefix && asked?.startsWith(written) === true);
  };
}
