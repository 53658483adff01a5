import type { H2specTarget } from "./h2spec-run.ts";

/** A case that fails, and may. */
export interface H2specException {
  readonly name: string;
  /** Where it does; every target but what is told. */
  readonly on: Partial<H2specTarget>;
  readonly reason: string;
}

const Closed =
  "RFC 9113 §5.1 lets an endpoint discard what comes on a closed stream, since it may have been on its way; h2spec tests RFC 7540, which did not.";
const NodeClosed = `${Closed} nghttp2 does so for good.`;

/** All there are. A case that is listed and passes is an error, so that the list stays true. */
const H2specExceptions: readonly H2specException[] = [
  {
    name: "http2/3.5 Sends invalid connection preface",
    on: { access: "cleartext" },
    reason:
      "Without ALPN what does not begin as HTTP/2 is HTTP/1.1: it is answered 400, which h2spec cannot read, and the connection is closed.",
  },
  { name: "http2/5.1 closed: Sends a DATA frame after sending RST_STREAM frame", on: {}, reason: Closed },
  { name: "http2/5.1 closed: Sends a HEADERS frame after sending RST_STREAM frame", on: {}, reason: Closed },
  { name: "http2/5.1 closed: Sends a DATA frame", on: { engine: "node" }, reason: NodeClosed },
  { name: "http2/5.1 closed: Sends a HEADERS frame", on: { engine: "node" }, reason: NodeClosed },
  {
    name: "http2/5.1.1 Sends stream identifier that is numerically smaller than previous",
    on: { engine: "node" },
    reason:
      "nghttp2 takes it for a stream that is closed, as RFC 9113 §5.1.1 has it become by the higher one, and discards the frame.",
  },
  {
    name: "http2/5.3.1 Sends PRIORITY frame that depend on itself",
    on: {},
    reason: "RFC 9113 §5.3.2 took priorities out, and this rule with them: on an idle stream the frame means nothing.",
  },
  {
    name: "http2/6.3 Sends a PRIORITY frame with 0x0 stream identifier",
    on: { engine: "node" },
    reason:
      "nghttp2 does not look at PRIORITY frames any more, since priorities are gone. RFC 9113 §6.3 kept the rule.",
  },
  {
    name: "http2/6.7 Sends a PING frame with ACK",
    on: { engine: "node" },
    reason: "node:http2 does not answer it, as it must not, but ends the connection: nobody honest sends one.",
  },
  {
    name: "http2/6.9.1 Sends multiple WINDOW_UPDATE frames increasing the flow control window to above 2^31-1 on a stream",
    on: { engine: "node" },
    reason: "node:http2 ends the connection, and not the stream alone. RFC 9113 §6.9.1 leaves either.",
  },
];

/** The exceptions of a target. */
export function exceptionsOf({ engine, access }: H2specTarget): readonly H2specException[] {
  return H2specExceptions.filter(({ on }) => (on.engine ?? engine) === engine && (on.access ?? access) === access);
}
