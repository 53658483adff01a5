/** The bytes of a picture of bits; blanks, bars and whatever stands behind a `#` only serve the eye. */
export function bits(picture: string): Uint8Array {
  const digits = picture.replace(/#.*$/gm, "").replace(/[\s|]/g, "");
  if (!/^(?:[01]{8})*$/.test(digits)) throw new Error(`not whole bytes of bits: ${picture}`);
  return Uint8Array.from(digits.match(/.{8}/g) ?? [], (byte) => Number.parseInt(byte, 2));
}

/** The bytes of a picture in hexadecimal; blanks only serve the eye. */
export function hex(picture: string): Uint8Array {
  return new Uint8Array(Buffer.from(picture.replace(/\s/g, ""), "hex"));
}

/** The parts one behind the other, as a plain array of their own. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
