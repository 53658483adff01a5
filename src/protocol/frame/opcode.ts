import { WebSocketError } from "../errors.ts";

/** What a frame is (RFC 6455 §5.2); the values left out are reserved. */
export const Opcode = { Continuation: 0x0, Text: 0x1, Binary: 0x2, Close: 0x8, Ping: 0x9, Pong: 0xa } as const;
export type Opcode = (typeof Opcode)[keyof typeof Opcode];

/** Whether `opcode` is in the half of the control frames, reserved ones (0xB–0xF) included (RFC 6455 §5.5). */
export function isControl(opcode: number): boolean {
  return (opcode & 0x8) !== 0;
}

/** Whether RFC 6455 defines `opcode`. */
export function isOpcode(opcode: number): opcode is Opcode {
  return opcode <= Opcode.Binary || (opcode >= Opcode.Close && opcode <= Opcode.Pong);
}

/** @throws WebSocketError `WS_OPCODE_RESERVED` (close code 1002) for one that RFC 6455 does not define. */
export function parseOpcode(opcode: number): Opcode {
  if (!isOpcode(opcode)) throw new WebSocketError("WS_OPCODE_RESERVED", `a frame with opcode ${opcode}`);
  return opcode;
}
