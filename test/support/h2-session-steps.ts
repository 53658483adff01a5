/** The requests a session knows; what the server does with each is up to `h2-session-application.ts`. */
export const RequestNames = [
  ...["echo", "source", "abort", "refuse", "unanswered"],
  ...["get", "head", "post", "post-copy", "large"],
  ...["no-path", "no-scheme", "bad-authority", "upper-case", "connection-field", "unknown-pseudo", "late-pseudo"],
  ...["te", "twice", "plain-connect", "other-protocol", "get-protocol", "other-host"],
] as const;
export type RequestName = (typeof RequestNames)[number];

/** What a client does in place of what it may; what each leads to is told by `h2-session-faults.ts`. */
export const FaultNames = [
  ...["data-behind-end", "headers-behind-end", "data-behind-both-ends", "data-behind-reset", "headers-behind-reset"],
  ...["second-opening", "headers-without-end", "data-on-idle", "data-on-even", "even-opening"],
  ...["earlier-opening", "reset-on-idle", "update-on-idle", "data-on-0", "headers-on-0", "settings-on-stream"],
  ...["ping-on-stream", "reset-on-0", "ping-of-7", "update-of-3", "reset-of-5", "settings-of-5", "ack-of-6"],
  ...["goaway-of-7", "priority-of-4", "frame-too-long", "padding-too-long", "headers-padding", "no-hpack"],
  ...["table-too-large", "update-of-0", "update-all-of-0", "window-too-large", "window-all-too-large"],
  ...["initial-too-large", "frame-size-too-small", "push-of-2", "push-promise", "continuation", "data-in-block"],
  ...["ping-in-block", "unknown-in-block", "depends-on-itself", "answer-to-no-ping", "goaway-with-error"],
] as const;
export type FaultName = (typeof FaultNames)[number];

/** One step of a session. Frames leave together, up to a step that waits; `slot` picks one of the streams there are. */
export type SessionStep =
  | { readonly type: "open"; readonly request: RequestName; readonly isLast: boolean; readonly form: HeaderForm }
  | {
      readonly type: "data";
      readonly slot: number;
      readonly bytes: number;
      readonly padding: number;
      readonly isLast: boolean;
    }
  | { readonly type: "trailers" | "priority" | "unknown"; readonly slot: number }
  | { readonly type: "reset"; readonly slot: number; readonly code: number }
  | { readonly type: "update"; readonly slot: number; readonly bytes: number }
  | { readonly type: "update-all" | "window" | "table"; readonly bytes: number }
  | { readonly type: "ping" }
  /** The client says GOAWAY without an error, and the session ends. */
  | { readonly type: "leave" }
  /** All that was sent has had its effect; `cuts` are where it is cut on its way, in 256ths of its length. */
  | { readonly type: "settle"; readonly cuts: readonly number[] }
  /** What the server's application does, when all has settled. */
  | { readonly type: "pause" | "resume" | "end"; readonly slot: number }
  | { readonly type: "write"; readonly slot: number; readonly bytes: number }
  | { readonly type: "abort"; readonly slot: number; readonly reason: (typeof AbortReasons)[number] }
  | { readonly type: "fault"; readonly fault: FaultName; readonly slot: number };

/** How a header block goes out. */
export interface HeaderForm {
  /** By HPACK with its table and Huffman code, or as literals. */
  readonly isCompressed: boolean;
  readonly padding: number;
  readonly hasPriority: boolean;
  /** In how many frames. */
  readonly frames: number;
}

export const AbortReasons = ["no-error", "protocol-error", "internal-error", "cancel", "connect-error"] as const;

const ResetCodes = [0, 1, 2, 7, 8, 11, 0xff] as const;

/** How many numbers below 256 make a step. */
export const NumbersPerStep = 5;

/** The step that these numbers stand for: all of them stand for one. */
export function stepOf(numbers: readonly number[]): SessionStep {
  const [kind = 0, slot = 0, a = 0, b = 0, c = 0] = numbers;
  const make = Steps[kind % Steps.length]!;
  return make(slot, a, b, c);
}

type MakeStep = (slot: number, a: number, b: number, c: number) => SessionStep;

const open: MakeStep = (_slot, a, b, c) => ({
  type: "open",
  // The first ones are those that lead to streams.
  request: RequestNames[a % (a < 192 ? 10 : RequestNames.length)]!,
  isLast: b % 4 === 0,
  form: {
    isCompressed: c % 2 === 0,
    padding: c % 16 === 1 ? b : 0,
    hasPriority: c % 16 === 3,
    frames: 1 + (c % 16 === 5 ? b % 4 : 0),
  },
});
const data: MakeStep = (slot, a, b, c) => ({
  type: "data",
  slot,
  bytes: c % 4 === 0 ? a * 256 + b : a,
  padding: c % 8 === 1 ? b : 0,
  isLast: c % 16 === 2,
});
const settle: MakeStep = (_slot, a, b, c) => ({ type: "settle", cuts: [a, b, c].slice(0, a % 4) });

/** One for each kind; what comes often is there more than once. */
const Steps: readonly MakeStep[] = [
  ...Array.from({ length: 6 }, () => open),
  ...Array.from({ length: 8 }, () => data),
  ...Array.from({ length: 5 }, () => settle),
  (slot) => ({ type: "trailers", slot }),
  (slot) => ({ type: "priority", slot }),
  (slot) => ({ type: "unknown", slot }),
  (slot, a) => ({ type: "reset", slot, code: ResetCodes[a % ResetCodes.length]! }),
  (slot, a, b) => ({ type: "update", slot, bytes: 1 + a * 256 + b }),
  (_slot, a, b) => ({ type: "update-all", bytes: 1 + a * 256 + b }),
  (_slot, a, b, c) => ({ type: "window", bytes: c % 2 === 0 ? a : a * 256 + b }),
  (_slot, a, b) => ({ type: "table", bytes: a % 2 === 0 ? 0 : b * 32 }),
  () => ({ type: "ping" }),
  (_slot, a) => ({ type: a % 4 === 0 ? "leave" : "ping" }),
  (slot) => ({ type: "pause", slot }),
  (slot) => ({ type: "resume", slot }),
  (slot) => ({ type: "end", slot }),
  (slot, a, b) => ({ type: "write", slot, bytes: 1 + a * 256 + b }),
  (slot, a) => ({ type: "write", slot, bytes: 1 + a }),
  (slot, a) => ({ type: "abort", slot, reason: AbortReasons[a % AbortReasons.length]! }),
  (slot, a) => ({ type: "fault", slot, fault: FaultNames[a % FaultNames.length]! }),
];
