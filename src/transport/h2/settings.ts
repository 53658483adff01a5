import type { H2Options } from "../h2-acceptor.ts";
import type { HeaderLimits } from "../transport-limits.ts";
import { DefaultWindowBytes, ErrorCode, H2ConnectionError, MaxWindowBytes, Setting } from "./h2-codes.ts";
import { firstWindowBytes } from "./stream-receive-window.ts";

const BytesPerSetting = 6;
const MaxMaxFrameBytes = 2 ** 24 - 1;
const MinMaxFrameBytes = 2 ** 14;

/** What of an engine's options matters to the frames of a connection. */
export type FramesLimits = Omit<H2Options, "engine" | "maxSessionMemoryMiB">;

/** What of a peer's SETTINGS matters to who sends to it; the first values hold before it has said anything (§6.5.2). */
export class PeerSettings {
  headerTableBytes = 4_096;
  initialWindowBytes = DefaultWindowBytes;
  maxFrameBytes = MinMaxFrameBytes;
  /** Whether it takes Extended CONNECT: only a server says so (RFC 8441 §3). */
  takesExtendedConnect = false;
  /** Streams it lets us open at once. */
  maxConcurrentStreams = Infinity;
  readonly #maxPush: 0 | 1;

  /** @param peer - what it is: a server must not say that it takes pushes (§6.5.2). */
  constructor(peer: "client" | "server" = "client") {
    this.#maxPush = peer === "client" ? 1 : 0;
  }

  /**
   * Takes over the payload of a SETTINGS frame, in its order.
   *
   * @throws H2ConnectionError for a value that may not be (RFC 9113 §6.5.2, RFC 8441 §3, RFC 9218 §2.1).
   */
  apply(payload: Uint8Array): void {
    const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
    for (let at = 0; at < payload.length; at += BytesPerSetting) this.#set(view.getUint16(at), view.getUint32(at + 2));
  }

  #set(setting: number, value: number): void {
    switch (setting) {
      case Setting.HeaderTableSize:
        this.headerTableBytes = value;
        return;
      case Setting.EnablePush:
        if (value > this.#maxPush) throw protocolError("ENABLE_PUSH out of range");
        return;
      case Setting.MaxConcurrentStreams:
        this.maxConcurrentStreams = value;
        return;
      case Setting.InitialWindowSize:
        if (value > MaxWindowBytes) throw new H2ConnectionError(ErrorCode.FlowControlError, "too large a window");
        this.initialWindowBytes = value;
        return;
      case Setting.MaxFrameSize:
        if (value < MinMaxFrameBytes || value > MaxMaxFrameBytes) throw protocolError("MAX_FRAME_SIZE out of range");
        this.maxFrameBytes = value;
        return;
      case Setting.EnableConnectProtocol:
        if (value > 1 || (value === 0 && this.takesExtendedConnect)) throw protocolError("ENABLE_CONNECT_PROTOCOL");
        this.takesExtendedConnect = value === 1;
        return;
      case Setting.NoRfc7540Priorities:
        if (value > 1) throw protocolError("NO_RFC7540_PRIORITIES is neither 0 nor 1");
        return;
      default:
        // What is not known is not looked at (§6.5.2).
        return;
    }
  }
}

/** The payload of the SETTINGS that a server begins with. */
export function serverSettings(http2: H2Options, headers: HeaderLimits): Uint8Array {
  return settingsPayload([
    [Setting.MaxConcurrentStreams, http2.maxConcurrentStreams],
    [Setting.InitialWindowSize, firstWindowBytes(http2.streamWindowBytes)],
    [Setting.MaxHeaderListSize, headers.maxHeaderBytes],
    [Setting.EnableConnectProtocol, 1],
    [Setting.NoRfc7540Priorities, 1],
  ]);
}

/** The payload of the SETTINGS that a client begins with: it takes no pushes. */
export function clientSettings(streamWindowBytes: number, maxHeaderBytes: number): Uint8Array {
  return settingsPayload([
    [Setting.EnablePush, 0],
    [Setting.InitialWindowSize, firstWindowBytes(streamWindowBytes)],
    [Setting.MaxHeaderListSize, maxHeaderBytes],
  ]);
}

function settingsPayload(settings: readonly (readonly [setting: number, value: number])[]): Uint8Array {
  const payload = new Uint8Array(settings.length * BytesPerSetting);
  const view = new DataView(payload.buffer);
  for (const [index, [setting, value]] of settings.entries()) {
    view.setUint16(index * BytesPerSetting, setting);
    view.setUint32(index * BytesPerSetting + 2, value);
  }
  return payload;
}

function protocolError(rule: string): H2ConnectionError {
  return new H2ConnectionError(ErrorCode.ProtocolError, rule);
}
