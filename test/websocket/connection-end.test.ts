import { describe, expect, test } from "vitest";
import { WebSocketError } from "../../src/protocol/errors.ts";
import type { ConnectionLimit } from "../../src/websocket/connection-ending.ts";
import { Opcode } from "../../src/protocol/frame/opcode.ts";
import type { WebSocketHandler } from "../../src/websocket/handler.ts";
import { hex } from "../support/bits.ts";
import { type SetUp, settled, setUp } from "../support/websocket-peer.ts";

const boom = new Error("boom");
const throwing = (): void => {
  throw boom;
};
const rejecting = (): Promise<void> => Promise.reject(boom);

describe("how it ended is told once to each: the peer, the handler, the owner", () => {
  interface Case {
    readonly name: string;
    readonly handler?: WebSocketHandler;
    readonly act: (setUp: SetUp) => void | Promise<void>;
    readonly heard: readonly unknown[];
    readonly closing: Record<string, unknown>;
    readonly ending: Record<string, unknown>;
    readonly errors?: number;
    readonly options?: Parameters<typeof setUp>[1];
    readonly limitsHit?: readonly ConnectionLimit[];
  }

  const cases: readonly Case[] = [
    {
      name: "the peer closes with a code and a reason",
      act: ({ peer }) => peer.close(4000, "bye"),
      heard: ["Close 4000", "END"],
      closing: { code: 4000, reason: "bye", initiator: "peer", clean: true },
      ending: { initiator: "client", code: 4000, cause: "close-frame" },
    },
    {
      name: "the peer closes without a code",
      act: ({ peer }) => peer.close(),
      heard: ["Close 1005", "END"],
      closing: { code: 1005, reason: "", initiator: "peer", clean: true },
      ending: { initiator: "client", code: 1005, cause: "close-frame" },
    },
    {
      name: "the peer ends without a Close",
      act: ({ peer }) => peer.stream.end(),
      heard: ["END"],
      closing: { code: 1006, reason: "", initiator: "peer", clean: false },
      ending: { initiator: "client", code: 1006, cause: "end-without-close" },
    },
    {
      name: "the peer ends within a frame",
      act: ({ peer }) => {
        peer.send(peer.frame(Opcode.Text, "half").subarray(0, 7));
        peer.stream.end();
      },
      heard: ["END"],
      closing: { code: 1006, reason: "", initiator: "peer", clean: false },
      ending: { initiator: "client", code: 1006, cause: "end-without-close" },
    },
    {
      name: "the peer resets",
      act: ({ peer }) => peer.stream.abort("cancel"),
      heard: [],
      closing: { code: 1006, reason: "", initiator: "peer", clean: false },
      ending: { initiator: "client", code: 1006, cause: "reset" },
    },
    {
      name: "the connection beneath is lost",
      act: ({ peer }) => peer.stream.loseConnection(),
      heard: [],
      closing: { code: 1006, reason: "", initiator: "peer", clean: false },
      ending: { initiator: "client", code: 1006, cause: "connection-lost" },
    },
    {
      name: "the peer breaks a rule",
      act: ({ peer }) => peer.send(hex("81 01 61")),
      heard: [expect.stringMatching(/^Close 1002 .*WS_MASK_MISSING/), "END"],
      closing: { code: 1002, initiator: "local", clean: false },
      ending: { initiator: "gateway", code: 1002, cause: "rule-broken" },
      errors: 1,
    },
    {
      name: "a message is too big",
      act: ({ peer }) => peer.send(hex("82 ff 0000000000100000 00000000")),
      heard: [expect.stringMatching(/^Close 1009/), "END"],
      closing: { code: 1009, initiator: "local", clean: false },
      ending: { initiator: "gateway", code: 1009, cause: "limit" },
      limitsHit: ["message_bytes"],
      errors: 1,
    },
    {
      name: "a frame is too big",
      options: { maxFrameBytes: 10 },
      act: ({ peer }) => peer.send(hex("82 8b 00000000")),
      heard: [expect.stringMatching(/^Close 1009 a frame of more than 10 bytes/), "END"],
      closing: { code: 1009, initiator: "local", clean: false },
      ending: { initiator: "gateway", code: 1009, cause: "limit" },
      limitsHit: ["frame_bytes"],
      errors: 1,
    },
    {
      name: "a message has too many fragments",
      options: { maxFragments: 1 },
      act: ({ peer }) => peer.send(hex("02 80 00000000  80 80 00000000")),
      heard: [expect.stringMatching(/^Close 1008/), "END"],
      closing: { code: 1008, initiator: "local", clean: false },
      ending: { initiator: "gateway", code: 1008, cause: "limit" },
      limitsHit: ["fragments"],
      errors: 1,
    },
    {
      name: "nothing passes for too long",
      act: ({ connection, peer }) => {
        connection.drain(1001, "idle");
        connection.drain(1012, "max-age");
        peer.close(1001);
      },
      heard: ["Close 1001", "END"],
      closing: { code: 1001, initiator: "local", clean: true },
      ending: { initiator: "gateway", code: 1001, cause: "idle" },
      limitsHit: ["idle"],
    },
    {
      name: "it is too old",
      act: ({ connection, peer }) => {
        connection.drain(1012, "max-age");
        peer.close(1012);
      },
      heard: ["Close 1012", "END"],
      closing: { code: 1012, initiator: "local", clean: true },
      ending: { initiator: "gateway", code: 1012, cause: "max-age" },
      limitsHit: ["age"],
    },
    {
      name: "the handler closes and the peer answers",
      act: async ({ connection, peer }) => {
        void connection.close(4001, "enough");
        await settled();
        peer.close(1000);
      },
      heard: ["Close 4001 enough", "END"],
      closing: { code: 4001, reason: "enough", initiator: "local", clean: true },
      ending: { initiator: "gateway", code: 4001, cause: "close-frame" },
    },
    {
      name: "both close at once",
      act: ({ connection, peer }) => {
        peer.close(4000);
        void connection.close(4001);
      },
      heard: ["Close 4001", "END"],
      closing: { code: 4001, initiator: "local", clean: true },
      ending: { initiator: "gateway", code: 4001, cause: "close-frame" },
    },
    {
      name: "the peer ends instead of answering our Close",
      act: ({ connection, peer }) => {
        void connection.close(4001);
        peer.stream.end();
      },
      heard: ["Close 4001", "END"],
      closing: { code: 4001, initiator: "local", clean: false },
      ending: { initiator: "gateway", code: 4001, cause: "close-frame" },
    },
    {
      name: "the peer resets instead of answering our Close",
      act: async ({ connection, peer }) => {
        void connection.close(4001);
        await settled();
        peer.stream.abort("cancel");
      },
      heard: ["Close 4001"],
      closing: { code: 4001, initiator: "local", clean: false },
      ending: { initiator: "gateway", code: 4001, cause: "close-frame" },
    },
    {
      name: "the peer breaks a rule instead of answering our Close",
      act: ({ connection, peer }) => {
        void connection.close(4001);
        peer.send(hex("81 01 61"));
      },
      heard: ["Close 4001", "END"],
      closing: { code: 4001, initiator: "local", clean: false },
      ending: { initiator: "gateway", code: 4001, cause: "close-frame" },
      errors: 1,
    },
    {
      name: "the gateway drains",
      act: ({ connection, peer }) => {
        connection.drain(1012, "drain");
        peer.close(1012);
      },
      heard: ["Close 1012", "END"],
      closing: { code: 1012, initiator: "local", clean: true },
      ending: { initiator: "gateway", code: 1012, cause: "drain" },
    },
    {
      name: "the gateway drains and gives up waiting",
      act: async ({ connection }) => {
        connection.drain(1001, "drain");
        await settled();
        connection.abort();
      },
      heard: ["Close 1001"],
      closing: { code: 1001, initiator: "local", clean: false },
      ending: { initiator: "gateway", code: 1001, cause: "drain" },
    },
    {
      name: "we abort",
      act: ({ connection }) => connection.abort(),
      heard: [],
      closing: { code: 1006, initiator: "local", clean: false },
      ending: { initiator: "gateway", code: 1006, cause: "reset" },
    },
    {
      name: "onOpen throws",
      handler: { onOpen: throwing },
      act: ({ peer }) => peer.close(1011),
      heard: ["Close 1011", "END"],
      closing: { code: 1011, reason: "", initiator: "local", clean: true },
      ending: { initiator: "gateway", code: 1011, cause: "handler-error" },
      errors: 1,
    },
    {
      name: "onMessage throws",
      handler: { onMessage: throwing },
      act: ({ peer }) => {
        peer.text("a", "b");
        peer.close(1011);
      },
      heard: ["Close 1011", "END"],
      closing: { code: 1011, initiator: "local", clean: true },
      ending: { initiator: "gateway", code: 1011, cause: "handler-error" },
      errors: 1,
    },
    {
      name: "onMessage's promise rejects",
      handler: { onMessage: rejecting },
      act: ({ peer }) => {
        peer.text("a", "b");
        peer.close(1011);
      },
      heard: ["Close 1011", "END"],
      closing: { code: 1011, initiator: "local", clean: true },
      ending: { initiator: "gateway", code: 1011, cause: "handler-error" },
      errors: 1,
    },
    {
      name: "a handler fails because another WebSocket is closed",
      handler: { onMessage: () => Promise.reject(new WebSocketError("WS_NOT_OPEN", "another one")) },
      act: ({ peer }) => {
        peer.text("a");
        peer.close(1011);
      },
      heard: ["Close 1011", "END"],
      closing: { code: 1011, initiator: "local", clean: true },
      ending: { initiator: "gateway", code: 1011, cause: "handler-error" },
      errors: 1,
    },
    {
      name: "onClose throws: too late to matter",
      handler: { onClose: throwing },
      act: ({ peer }) => peer.close(1000),
      heard: ["Close 1000", "END"],
      closing: { code: 1000, initiator: "peer", clean: true },
      ending: { initiator: "client", code: 1000, cause: "close-frame" },
      errors: 1,
    },
    {
      name: "everything throws, onError as well",
      handler: { onOpen: rejecting, onMessage: throwing, onClose: rejecting, onError: throwing },
      act: ({ peer }) => peer.close(1000),
      heard: ["Close 1011", "END"],
      closing: { code: 1011, initiator: "local", clean: true },
      ending: { initiator: "gateway", code: 1011, cause: "handler-error" },
      errors: 2,
    },
    {
      name: "a handler closes with a code that does not exist: it throws",
      handler: { onMessage: (connection) => connection.close(1006) },
      act: ({ peer }) => {
        peer.text("a");
        peer.close(1011);
      },
      heard: ["Close 1011", "END"],
      closing: { code: 1011, initiator: "local", clean: true },
      ending: { initiator: "gateway", code: 1011, cause: "handler-error" },
      errors: 1,
    },
  ];

  test.each(cases)("$name", async ({ handler, options, act, heard, closing, ending, errors = 0, limitsHit = [] }) => {
    const it = setUp(handler, options);
    await settled();
    await act(it);
    await settled();
    it.peer.stream.end();
    await settled();
    expect(it.peer.heard).toEqual(heard);
    expect(it.closings).toEqual([expect.objectContaining(closing)]);
    expect(it.endings).toEqual([ending]);
    expect(it.errors).toHaveLength(errors);
    expect(it.limitsHit).toEqual(limitsHit);
    expect(it.told.at(-1)).toBe(handler?.onClose ? "error" : `close ${String(closing["code"])}`);
  });
});

test("nothing is told from within a call of the handler's own, nor before onOpen", async () => {
  const { connection, peer, told } = setUp();
  connection.abort();
  expect(told).toEqual([]);
  await settled();
  expect(told).toEqual(["open", "close 1006"]);
  expect(peer.ending).toEqual({ type: "reset", code: 8 });
});
