import type { ConformanceCase, Cut, Heard, Script, Step, TestFrame } from "./case.ts";

/** `text` as UTF-8. */
export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function fromHex(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex.replaceAll(" ", ""), "hex"));
}

/** `pattern` over and over, `length` octets of it. */
export function repeated(pattern: Uint8Array, length: number): Uint8Array {
  return new Uint8Array(Buffer.alloc(length, pattern));
}

type FrameBits = Pick<TestFrame, "fin" | "rsv">;

/** A frame with any opcode, 3 or 15 as well. */
export function frame(opcode: number, payload: string | Uint8Array = "", bits: FrameBits = {}): TestFrame {
  return { opcode, payload: typeof payload === "string" ? utf8(payload) : payload, ...bits };
}
export const text = (payload: string | Uint8Array, bits?: FrameBits): TestFrame => frame(0x1, payload, bits);
export const binary = (payload: string | Uint8Array, bits?: FrameBits): TestFrame => frame(0x2, payload, bits);
export const ping = (payload: string | Uint8Array = "", bits?: FrameBits): TestFrame => frame(0x9, payload, bits);
export const pong = (payload: string | Uint8Array = "", bits?: FrameBits): TestFrame => frame(0xa, payload, bits);
export const continuation = (payload: string | Uint8Array, fin = true): TestFrame => frame(0x0, payload, { fin });

/** A Close frame, its code allowed or not; without one it is empty. */
export function close(code?: number, reason: string | Uint8Array = ""): TestFrame {
  if (code === undefined) return frame(0x8);
  const said = typeof reason === "string" ? utf8(reason) : reason;
  return frame(0x8, Uint8Array.of(code >> 8, code & 0xff, ...said));
}

/** A message in frames of `octets` payload each. As Autobahn does it, an empty one is the last where they come out even. */
export function fragments(opcode: number, payload: Uint8Array, octets: number): TestFrame[] {
  if (payload.length <= octets) return [frame(opcode, payload)];
  const last = Math.floor(payload.length / octets);
  return Array.from({ length: last + 1 }, (_, index) =>
    frame(index === 0 ? opcode : 0x0, payload.subarray(index * octets, (index + 1) * octets), { fin: index === last }),
  );
}

export function send(frames: readonly TestFrame[], cut: Cut = "none"): Step {
  return { type: "send", frames, cut };
}

export function heard(type: Heard["type"], payload: string | Uint8Array): Heard {
  return { type, payload: typeof payload === "string" ? utf8(payload) : payload };
}

/** What comes back, and then the tester closes with 1000. */
export function answered(number: string, title: string, script: () => Script): ConformanceCase {
  return { number, title, script, ending: { by: "tester", code: 1000 } };
}

/** The end under test fails the WebSocket with `code`, when it has sent back what was right before. */
export function failed(number: string, title: string, code: number, script: () => Script): ConformanceCase {
  return { number, title, script, ending: { by: "peer", code } };
}

/** The tester sends `frames`, a Close among them, and `code` is the answer to that. */
export function closed(
  number: string,
  title: string,
  code: number,
  frames: () => readonly TestFrame[],
  hears: () => readonly Heard[] = () => [],
): ConformanceCase {
  const script = () => ({ steps: [send(frames())], hears: hears() });
  return { number, title, script, ending: { by: "tester", code } };
}
