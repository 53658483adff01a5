import type { H2EngineName } from "../../../src/transport/h2-acceptor.ts";
import { H2Code } from "../../support/raw-h2.ts";
import type { Outcome } from "./outcome.ts";
import { connectionError, nothing, resetBy, type StreamRule } from "./rule.ts";

/** A rule that an engine does not keep. */
export interface Deviation extends Pick<StreamRule, "section" | "state" | "title"> {
  readonly engine: H2EngineName;
  /** What happens in place of what should. */
  readonly instead: Outcome;
  readonly reason: string;
}

const ForAll = "node:http2 ends the connection, as RFC 9113 §5.4.1 lets it do for an error of a stream:";
const ClosedForAll = {
  engine: "node",
  section: "5.1",
  state: "half-closed (remote)",
  instead: connectionError(H2Code.StreamClosed),
  reason: `${ForAll} nghttp2 tells it of a frame on a half that has ended.`,
} as const;

/** All there are. Where one does not deviate, or not like this, the test fails, so that the list stays true. */
export const Deviations: readonly Deviation[] = [
  { ...ClosedForAll, title: "DATA" },
  { ...ClosedForAll, title: "DATA without a byte" },
  { ...ClosedForAll, title: "HEADERS" },
  {
    engine: "node",
    section: "5.1",
    state: "half-closed (local)",
    title: "trailers",
    instead: resetBy(H2Code.ProtocolError),
    reason:
      "nghttp2 has closed the stream with them before it tells, so no RST_STREAM can follow; its owner is told all the same.",
  },
  {
    engine: "node",
    section: "6.3",
    state: "open",
    title: "PRIORITY on stream 0",
    instead: nothing,
    reason: "nghttp2 does not look at PRIORITY any more.",
  },
  {
    engine: "node",
    section: "6.3",
    state: "open",
    title: "PRIORITY that is too short",
    instead: connectionError(H2Code.FrameSizeError),
    reason: `${ForAll} nghttp2 checks lengths before it looks for the stream.`,
  },
  {
    engine: "node",
    section: "6.9",
    state: "open",
    title: "WINDOW_UPDATE of 0 for the stream",
    instead: connectionError(H2Code.ProtocolError),
    reason: `${ForAll} nghttp2 takes it for an error of that.`,
  },
  {
    engine: "node",
    section: "6.9",
    state: "open",
    title: "a stream's window above 2^31-1",
    instead: connectionError(H2Code.FlowControlError),
    reason: `${ForAll} it does so for each error of flow control.`,
  },
];

/** How `engine` deviates from `rule`, if it does. */
export function deviationFrom(rule: StreamRule, engine: H2EngineName): Deviation | undefined {
  return Deviations.find(
    (one) =>
      one.engine === engine && one.section === rule.section && one.state === rule.state && one.title === rule.title,
  );
}
