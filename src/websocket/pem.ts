/** A certificate, a chain of them, authorities or a key as PEM: text, or its bytes as a file has them. */
export type Pem = string | Uint8Array;

/**
 * `pem` as text.
 *
 * @param option - what it was given as.
 * @throws TypeError where it is empty: as authorities that would stand for all that Node comes with.
 */
export function pemText(pem: Pem, option: string): string {
  const text = typeof pem === "string" ? pem : new TextDecoder().decode(pem);
  if (text === "") throw new TypeError(`${option} is empty, and no PEM`);
  return text;
}
