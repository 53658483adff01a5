import { printable } from "../gateway/config/printable.ts";
import type { FrameView } from "../gateway/telemetry/stream-view.ts";
import type { AdminClient } from "./admin-client.ts";
import type { OptionValues } from "./command-line.ts";
import { writeWhole, type Output } from "./terminal.ts";

/**
 * Prints each frame of the stream `id` from now on, until it ends. What nobody reads yet is waited for.
 *
 * @throws AdminFailure where there is no such stream, or the gateway cannot be asked.
 */
export async function tailStream(
  client: Pick<AdminClient, "frames">,
  id: number,
  options: OptionValues,
  output: Output,
): Promise<void> {
  const isJson = options.has("json");
  for await (const frame of client.frames(id, options.has("preview"))) {
    await writeWhole(output, `${isJson ? JSON.stringify(frame) : frameLine(frame)}\n`);
  }
  if (!isJson) await writeWhole(output, `stream ${id} has ended\n`);
}

/** A frame, or how many are missing, on one line. */
export function frameLine(frame: FrameView | { readonly missed: number }): string {
  if ("missed" in frame) return `(frames that came too fast to be shown: ${frame.missed})`;
  const { at, direction, opcode, fin, rsv, payloadBytes, preview } = frame;
  const time = new Date(at).toISOString().slice(11, 23);
  const bits = `${fin ? "FIN" : "   "}${rsv === 0 ? "" : ` RSV ${rsv.toString(2).padStart(3, "0")}`}`;
  const shown = preview === undefined ? "" : printable(JSON.stringify(preview));
  const size = `${payloadBytes} bytes`;
  return `${time}  ${direction.padEnd(11)}  ${opcode.padEnd(12)}  ${size.padStart(14)}  ${bits}  ${shown}`.trimEnd();
}
