import { Traffic } from "../protocol/frame/traffic.ts";
import { ConnectionMachine } from "../protocol/message/connection-machine.ts";
import { ControlFrameMeter } from "../protocol/message/control-frame-meter.ts";
import type { ConnectionSettings, WebSocketConnectionOptions } from "./connection-options.ts";

/** The machine of a WebSocket with these options and what holds by them. `nowMs` is a clock that never goes back. */
export function machineFor(
  { role, extensions, incoming, outgoing }: WebSocketConnectionOptions,
  settings: ConnectionSettings,
  nowMs: () => number,
): ConnectionMachine {
  const { maxMessageBytes, maxFrameBytes, maxFragments } = settings;
  const { controlFrameBurst: burst, controlFramesPerSecond: perSecond } = settings;
  return new ConnectionMachine({
    role,
    extensions,
    maxMessageBytes,
    maxFrameBytes,
    maxFragments,
    controlFrameMeter: perSecond === Infinity ? undefined : new ControlFrameMeter(burst, perSecond, nowMs),
    incoming: incoming ?? new Traffic(),
    outgoing: outgoing ?? new Traffic(),
  });
}
