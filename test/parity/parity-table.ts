import { ConnectionParity } from "./connection-parity.ts";
import { ExtensionParity } from "./extension-parity.ts";
import { FrameParity, ValidationParity } from "./frame-parity.ts";
import { HandshakeParity } from "./handshake-parity.ts";
import type { ParityGroup } from "./parity-group.ts";
import { ServerParity } from "./server-parity.ts";

/** A test of the reference, and the one here that shows the same or what holds here instead. */
export interface ParityRow {
  /** Class and name, without `test`: `TWebSocketFrameCodecTest.TextFrameRoundTrip`. */
  readonly reference: string;
  readonly file: string;
  readonly title: string;
  readonly row: string | undefined;
}

/** Every unit test of the reference library, but for those of its cluster. */
export const ParityTable: readonly ParityRow[] = [
  ...FrameParity,
  ...ValidationParity,
  ...ExtensionParity,
  ...HandshakeParity,
  ...ConnectionParity,
  ...ServerParity,
].flatMap(rowsOf);

function rowsOf({ reference, file, counterparts }: ParityGroup): ParityRow[] {
  return counterparts.map(([name, title, row]) => ({ reference: `${reference}.${name}`, file, title, row }));
}
