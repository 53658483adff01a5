import { binaryFrame, type Frame } from "../../../src/protocol/frame/frame.ts";
import { Opcode } from "../../../src/protocol/frame/opcode.ts";
import type { FailureBench, FailureRow } from "./failure-row.ts";

const limits = { maxMessageBytes: 40, maxFrameBytes: 30, maxFragments: 3 };

const whole = (bytes: number): Frame => binaryFrame(new Uint8Array(bytes));
const first = (bytes: number): Frame => ({ ...whole(bytes), fin: false });
const next = (bytes: number): Frame => ({ ...first(bytes), opcode: Opcode.Continuation });
const last = (bytes: number): Frame => ({ ...next(bytes), fin: true });

/** Messages of which the last frame is one too many, and what the other side gets of them. */
const offences = [
  { what: "a frame over maxFrameBytes", frames: [whole(31)], passed: [], code: 1009, hit: "frame_bytes" },
  {
    what: "a message over maxMessageBytes by its second frame",
    frames: [first(30), last(11)],
    passed: ["binary 30"],
    code: 1009,
    hit: "message_bytes",
  },
  {
    what: "a message of too many fragments, empty as they are",
    frames: [first(0), next(0), next(0), last(0)],
    passed: ["binary 0", "continuation 0", "continuation 0"],
    code: 1008,
    hit: "fragments",
  },
] as const;

/** Says nothing but the frames: the last one not to its end, so that only its header can be what is judged. */
function say(side: FailureBench["client"], frames: readonly Frame[]): void {
  for (const frame of frames.slice(0, -1)) side.say(frame);
  for (const frame of frames.slice(-1)) {
    if (frame.payload.length > 6) side.begin(frame);
    else side.say(frame);
  }
}

/** Messages larger than they may be, and what just fits. */
export const limitRows: readonly FailureRow[] = [
  ...offences.flatMap(({ what, frames, passed, code, hit }): FailureRow[] => [
    {
      event: `client sends ${what}`,
      at: "boundary",
      limits,
      act: ({ client }) => say(client, frames),
      clientSees: [`close ${code}`, "end"],
      upstreamSees: [...passed, "close 1001", "end"],
      limitsHit: [hit],
      counted: `gateway ${code} limit`,
    },
    {
      event: `upstream sends ${what}`,
      at: "boundary",
      limits,
      act: ({ upstream }) => say(upstream, frames),
      clientSees: [...passed, "close 1014", "end"],
      upstreamSees: [`close ${code}`, "end"],
      limitsHit: [hit],
      counted: `gateway ${code} limit`,
    },
    {
      event: `client sends ${what}`,
      at: "mid-frame to the client, which is finished",
      midFrame: ["toClient"],
      limits,
      act: ({ client }) => say(client, frames),
      clientSees: ["binary 10", `close ${code}`, "end"],
      upstreamSees: [...passed, "close 1001", "end"],
      limitsHit: [hit],
      counted: `gateway ${code} limit`,
    },
  ]),
  {
    event: "client sends a frame over maxFrameBytes, and does not answer",
    at: "boundary",
    client: "silent",
    limits,
    act: ({ client }) => say(client, [whole(31)]),
    clientSees: ["close 1009", "end", "reset CANCEL"],
    upstreamSees: ["close 1001", "end"],
    limitsHit: ["frame_bytes", "close_deadline"],
    counted: "gateway 1009 limit",
    after: ["closeMs", "closeMs"],
  },
  {
    event: "both sides send what just fits, Pings between",
    at: "boundary",
    limits,
    act: ({ client, upstream }) => {
      const ping: Frame = { ...whole(125), opcode: Opcode.Ping };
      for (const frame of [first(30), ping, next(10), last(0), whole(30)]) {
        upstream.say(frame);
        client.say(frame);
      }
      client.close(1000);
    },
    clientSees: ["binary 30", "ping 125", "continuation 10", "continuation 0", "binary 30", "close 1000", "end"],
    upstreamSees: ["binary 30", "ping 125", "continuation 10", "continuation 0", "binary 30", "close 1000", "end"],
    counted: "client 1000 close-frame",
  },
  {
    event: "idle for idleMs",
    at: "boundary",
    act: ({ relay }) => relay.close(1001, "idle"),
    clientSees: ["close 1001", "end"],
    upstreamSees: ["close 1001", "end"],
    limitsHit: ["idle"],
    counted: "gateway 1001 idle",
  },
  {
    event: "older than maxAgeMs",
    at: "mid-frame to the client, which is finished",
    midFrame: ["toClient"],
    act: ({ relay, upstream }) => {
      relay.close(1012, "max-age");
      upstream.finish();
    },
    clientSees: ["binary 10", "close 1012", "end"],
    upstreamSees: ["close 1001", "end"],
    limitsHit: ["age"],
    counted: "gateway 1012 max-age",
  },
  {
    event: "older than maxAgeMs, but closing",
    at: "boundary",
    upstream: "silent",
    act: async ({ relay, client, upstream, until }) => {
      client.close(1000);
      await until(() => upstream.log.length > 0);
      relay.close(1012, "max-age");
      upstream.close(1000);
      upstream.end();
    },
    clientSees: ["close 1000", "end"],
    upstreamSees: ["close 1000", "end"],
    counted: "client 1000 close-frame",
  },
];
