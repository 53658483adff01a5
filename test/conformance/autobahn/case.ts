/** One frame that the tester sends, as wrong as its case wants it. Masking is left to the tester. */
export interface TestFrame {
  readonly opcode: number;
  readonly payload: Uint8Array;
  /** `true` unless told. */
  readonly fin?: boolean;
  /** The three reserved bits, RSV1 as 0b100; none unless told. */
  readonly rsv?: number;
}

/** What must come back: an echo, a Pong. */
export interface Heard {
  readonly type: "text" | "binary" | "pong";
  readonly payload: Uint8Array;
}

/** Messages to and fro: each is sent when the one before it has come back. */
export interface Volley {
  readonly count: number;
  /** The length of each, about. */
  readonly octets: number;
  readonly opcode: number;
  /** The payload of message `index`, from 0 on; the same at each call. */
  message(index: number): Uint8Array;
  /** Sent in frames of so many octets at most; 0: in one. */
  readonly fragmentOctets: number;
}

/** What the tester does next. */
export type Step =
  /** Sends `frames`: all in one piece, a piece for each frame, or in pieces of so many octets. */
  | { readonly type: "send"; readonly frames: readonly TestFrame[]; readonly cut: Cut }
  /** Sends the header of `frame` and so many octets of its payload. */
  | { readonly type: "begin"; readonly frame: TestFrame; readonly octets: number }
  /** Sends so many octets more of the frame begun. */
  | { readonly type: "go on"; readonly octets: number }
  /** For a while nothing may come. */
  | { readonly type: "quiet" }
  /** The first `count` of what must come back is there before anything else is sent. */
  | { readonly type: "hear"; readonly count: number }
  | ({ readonly type: "volley" } & Volley);
export type Cut = "none" | "frames" | number;

/** What is sent, and all that must come back before the end, in this order and nothing else. */
export interface Script {
  readonly steps: readonly Step[];
  readonly hears: readonly Heard[];
}

/** How it must end. Both Closes go over the wire, and then both halves of the stream end, the server's first. */
export interface Ending {
  /** Whose Close comes first. Where it is the tester's and not among the steps, it says 1000 and is the last. */
  readonly by: "tester" | "peer";
  /** What the Close of the end under test says; 1005 where it says nothing. */
  readonly code: number;
}

/** What a tester that is a server may ask of the client's compression (RFC 7692 §7.1). */
export interface DeflateAnswer {
  readonly clientNoContextTakeover: boolean;
  readonly clientMaxWindowBits?: number;
}

/** What of permessage-deflate the tester wants. */
export interface DeflateTerms {
  /** As a client it offers these, the best first; each a list of parameters without the extension's name. */
  readonly offers: readonly (readonly string[])[];
  /** As a server it gives the first of these that the client's offer allows. */
  readonly answers: readonly DeflateAnswer[];
}

/** One case of the Autobahn test suite, under its number there. */
export interface ConformanceCase {
  readonly number: string;
  readonly title: string;
  readonly ending: Ending;
  /** Made anew at each call, so that large payloads live as long as their case. */
  script(): Script;
  /** Without it no extension is agreed on. */
  readonly deflate?: DeflateTerms;
}

/** The group of a case: 6 of 6.4.1. */
export function groupOf({ number }: ConformanceCase): number {
  return Number(number.split(".")[0]);
}
