/**
 * Reads a `mask` of a route: what of a text is not to be shown.
 *
 * @throws SyntaxError for one that is no regular expression.
 */
export function maskPattern(written: string): RegExp {
  return new RegExp(written, "gu");
}
