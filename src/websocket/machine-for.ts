import { Traffic } from "../protocol/frame/traffic.ts";
import { ConnectionMachine } from "../protocol/message/connection-machine.ts";
import { ControlFrameMeter } from "../protocol/message/control-frame-meter.ts";
import type { ConnectionOptions, WebSocketConnectionOptions } from "./connection-options.ts";

/** The machine of a WebSocket with these options. `nowMs` is a clock that never goes back. */
export function machineFor(
  settings: WebSocketConnectionOptions & Required<ConnectionOptions>,
  nowMs: () => number,
): ConnectionMachine {
  const { role, extensions, maxMessageBytes, maxFrameBytes, maxFragments } = settings;
  const { controlFrameBurst: burst, controlFramesPerSecond: perSecond } = settings;
  return new ConnectionMachine({
    role,
    extensions,
    maxMessageBytes,
    maxFrameBytes,
    maxFragments,
    controlFrameMeter: perSecond === undefined ? undefined : new ControlFrameMeter(burst, perSecond, nowMs),
    incoming: settings.incoming ?? new Traffic(),
    outgoing: settings.outgoing ?? new Traffic(),
  });
}
