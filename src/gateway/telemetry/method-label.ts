/** The methods of RFC 9110 §9 and RFC 5789. */
const Methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"] as const;

/** A method as one of few words: a client may send any token. */
export type MethodLabel = (typeof Methods)[number] | "other";

/** The label of `method`. */
export function methodLabel(method: string): MethodLabel {
  return Methods.find((known) => known === method) ?? "other";
}
