import { z } from "zod";
import { ClientProtocols } from "../../transport/client-dialer.ts";
import { tryUpstreamAddress } from "./addresses.ts";
import { count, FilePath, flag, Host, IpAddress, milliseconds, oneOf, parsed, text } from "./schema-parts.ts";

const UpstreamAddress = parsed(
  "http://host:port, https://host:port, http+unix:///path, or the same with ws, wss, ws+unix, without a path behind it",
  tryUpstreamAddress,
);

const UpstreamTlsSchema = z.strictObject({
  ca: FilePath.optional().describe("PEM file with the authorities to believe. Default: those that come with Node."),
  serverName: Host.optional().describe("Name to send (SNI) and to check. Default: the host of the address."),
  verify: flag().default(true).describe("Whether the upstream's certificate is checked."),
});

/** One of `upstreams`. */
export const UpstreamSchema = z.strictObject({
  addresses: z
    .array(UpstreamAddress)
    .min(1, { error: "at least one address" })
    .describe(
      "Where the backends are, used in turn. `http://`, `https://` and `http+unix://` take ordinary requests and WebSockets, " +
        "`ws://`, `wss://` and `ws+unix://` WebSockets alone. Ports default to 80 and 443.",
    ),
  sourceAddresses: z
    .array(IpAddress)
    .prefault([])
    .describe("IP addresses of this machine to connect from, in turn. Default: the system chooses."),
  protocol: oneOf(ClientProtocols)
    .default("auto")
    .describe(
      "HTTP version for WebSockets. `h2`: Extended CONNECT (RFC 8441), many on one connection, on cleartext by prior " +
        "knowledge. `auto`: what the upstream prefers over TLS, if it takes WebSockets on it, and `h1` on cleartext.",
    ),
  connectTimeoutMs: milliseconds(5_000).describe(
    "For TCP connect and TLS handshake; then the next address is tried, at last the client gets 504.",
  ),
  answerTimeoutMs: milliseconds(10_000).describe("From an opening sent to its answer; then the client gets 504."),
  responseTimeoutMs: milliseconds(60_000).describe(
    "From an ordinary request sent to the first byte of its response; then the client gets 504.",
  ),
  maxConnections: count("connections", { from: 1, to: 65_536, standard: 1_024 }).describe(
    "Connections for ordinary requests to each address, an event stream keeping its own for as long as it lasts; and as many " +
      "for WebSockets over HTTP/2.",
  ),
  maxStreamsPerConnection: count("WebSockets", { from: 1, to: 65_536, standard: 256 }).describe(
    "WebSockets on one HTTP/2 connection, if the upstream lets as many be open. One more opens another connection.",
  ),
  maxWaiting: count("requests", { from: 0, to: 1_048_576, standard: 1_024 }).describe(
    "Ordinary requests that wait for such a connection, and openings that wait for room on them. One more is answered 503.",
  ),
  tls: UpstreamTlsSchema.optional().describe("How the certificates of https:// and wss:// addresses are checked."),
  command: z
    .tuple([text("a program")], text("an argument"))
    .optional()
    .describe(
      "Program and arguments of a backend that lives and dies with the gateway, started in the folder of the config.",
    ),
});
