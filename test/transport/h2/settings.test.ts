import { expect, test } from "vitest";
import { ErrorCode } from "../../../src/transport/h2/h2-codes.ts";
import { PeerSettings, serverSettings } from "../../../src/transport/h2/settings.ts";
import { DefaultH2 } from "../../support/listening.ts";
import { settingsFrame } from "../../support/raw-h2.ts";

const payloadOf = (...settings: [number, number][]): Buffer => settingsFrame(settings).subarray(9);

test("settings are taken over in their order, the last of each counts, and unknown ones are not looked at", () => {
  const settings = new PeerSettings();
  settings.apply(payloadOf([4, 1], [1, 0], [0xf00d, 9], [3, 7], [5, 20_000], [4, 2 ** 31 - 1], [2, 0], [8, 1]));
  expect(settings).toEqual({
    headerTableBytes: 0,
    initialWindowBytes: 2 ** 31 - 1,
    maxFrameBytes: 20_000,
    takesExtendedConnect: true,
    maxConcurrentStreams: 7,
  });
  settings.apply(Buffer.alloc(0));
  expect(settings.maxConcurrentStreams).toBe(7);
});

test.each<{ setting: [number, number]; code: ErrorCode }>([
  { setting: [2, 2], code: ErrorCode.ProtocolError },
  { setting: [4, 2 ** 31], code: ErrorCode.FlowControlError },
  { setting: [5, 16_383], code: ErrorCode.ProtocolError },
  { setting: [5, 2 ** 24], code: ErrorCode.ProtocolError },
  { setting: [8, 2], code: ErrorCode.ProtocolError },
  { setting: [9, 2], code: ErrorCode.ProtocolError },
])("the setting $setting may not be", ({ setting, code }) => {
  expect(() => new PeerSettings().apply(payloadOf(setting))).toThrow(expect.objectContaining({ code }));
});

test("Extended CONNECT is not taken back (RFC 8441 §3)", () => {
  const settings = new PeerSettings();
  settings.apply(payloadOf([8, 0]));
  settings.apply(payloadOf([8, 1]));
  expect(() => settings.apply(payloadOf([8, 0]))).toThrow(expect.objectContaining({ code: ErrorCode.ProtocolError }));
});

test("a server begins with its limits", () => {
  const http2 = { ...DefaultH2, maxConcurrentStreams: 7, streamWindowBytes: 9 };
  const payload = serverSettings(http2, { maxHeaderBytes: 11, maxHeaderCount: 1 });
  expect(Buffer.from(payload)).toEqual(payloadOf([3, 7], [4, 9], [6, 11], [8, 1], [9, 1]));
});
