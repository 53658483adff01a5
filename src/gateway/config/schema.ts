import { z } from "zod";
import { tryAuthority } from "../../protocol/handshake/request-target.ts";
import { comparableHost, isIpAddress, isNetwork, tryHostPort, tryUpstreamAddress } from "./addresses.ts";
import type { HostField } from "./config.ts";
import { comparablePath, comparablePrefix } from "./route-path.ts";

// The only place of options, their defaults, units and meaning. An `error` here is what was expected, as a noun: the
// reader of the file is told "expected …, got …". What needs two options to judge is in `cross-check.ts`.

const Day = 86_400_000;
const MaxInt31 = 2_147_483_647;

function text(expected: string, pattern = /./s) {
  return z.string({ error: expected }).regex(pattern, { error: expected });
}

/** A string that means something else: `parse` returns `undefined` where it does not. */
function parsed<Value>(expected: string, parse: (text: string) => Value | undefined) {
  return z.string({ error: expected }).transform((written, context): Value => {
    const value = parse(written);
    if (value !== undefined) return value;
    context.addIssue({ code: "custom", message: expected });
    return z.NEVER;
  });
}

function count(unit: string, { from, to, standard }: { from: number; to: number; standard: number }) {
  const error = `a whole number of ${unit} from ${from} to ${to}`;
  return z.int({ error }).min(from, { error }).max(to, { error }).default(standard);
}

function milliseconds(standard: number) {
  return count("milliseconds", { from: 1, to: Day, standard });
}

function oneOf<const Value extends string>(values: readonly Value[]) {
  return z.enum(values, { error: `one of ${values.join(", ")}` });
}

/** A name that may stand in logs and metrics. */
export const Name = text(
  "a name of at most 63 letters, digits, dots, hyphens and underscores that begins with a letter or digit",
  /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
);
const FilePath = text("the path of a file");
const Address = parsed("host:port, such as 127.0.0.1:8443 or [::]:8443", tryHostPort);

function tryHost(written: string): string | undefined {
  const authority = tryAuthority(written);
  return authority === undefined || authority.port !== undefined ? undefined : comparableHost(authority.host);
}

/** `read` of a path as a config file may have it: visible ASCII, from the slash on, without query and fragment. */
function pathParser(read: (path: string) => string | undefined): (written: string) => string | undefined {
  return (written) => (/^\/[\x21-\x7e]*$/.test(written) && !/[?#]/.test(written) ? read(written) : undefined);
}

function tryHostField(written: string): HostField | undefined {
  if (written === "keep" || written === "upstream") return { type: written };
  return tryAuthority(written) === undefined ? undefined : { type: "literal", authority: written };
}

const Host = parsed("a host name without port, such as chat.example.com (no wildcards)", tryHost);
const PathForm = 'a path that begins with "/", without query, dot segments and spaces, such as /ws';
const Path = parsed(PathForm, pathParser(comparablePath));
const PathPrefix = parsed(PathForm, pathParser(comparablePrefix));
const CertificateName = parsed("a host name or an IP address", (written) =>
  isIpAddress(written) || z.hostname().safeParse(written).success ? written : undefined,
);

const ListenerTlsSchema = z
  .strictObject({
    certificate: FilePath.optional().describe("PEM file with the certificate and its chain; goes with `key`."),
    key: FilePath.optional().describe("PEM file with the private key of `certificate`, without a passphrase."),
    selfSigned: FilePath.optional().describe(
      "For development, instead of `certificate` and `key`: PEM file of a certificate that hawser makes and renews.",
    ),
    names: z
      .array(CertificateName)
      .min(1, { error: "at least one name" })
      .optional()
      .describe("Host names and IP addresses of the `selfSigned` certificate. Default: localhost, 127.0.0.1 and ::1."),
  })
  .describe("Certificate of the listener. Without it the listener is cleartext.");

const ListenerSchema = z.strictObject({
  name: Name.optional().describe("Name in logs and metrics. Default: the address."),
  address: Address.describe(
    "IP address or host name and port to listen on; `[::]:8443` is every address, port 0 any free one.",
  ),
  tls: ListenerTlsSchema.optional(),
  protocols: z
    .array(oneOf(["h2", "http/1.1"]))
    .min(1, { error: "at least one of h2, http/1.1" })
    .refine((protocols) => new Set(protocols).size === protocols.length, { error: "each protocol once" })
    .default(["h2", "http/1.1"])
    .describe("Protocols offered by ALPN, or told apart by their first bytes on a cleartext listener."),
});

const RouteSchema = z.strictObject({
  name: Name.optional().describe("Name in logs and metrics. Default: host and path."),
  host: Host.optional().describe(
    "Host the route is for, whatever the port; preferred to a route without one. Default: every host.",
  ),
  path: Path.optional().describe("The one path the route takes; preferred to every `pathPrefix`."),
  pathPrefix: PathPrefix.optional().describe(
    "Path the route takes with all below it: /ws is /ws and /ws/1, not /wsx. Default without `path`: /",
  ),
  upstream: Name.optional().describe(
    "Name of the upstream that answers. Exactly one of `upstream`, `handler` and `root`.",
  ),
  handler: text("echo, or the path of a module that begins with ./, ../ or /", /^(?:echo$|\.{0,2}\/.)/)
    .optional()
    .describe("Handler in this process: `echo`, or a module that exports onOpen, onMessage, onClose, onError."),
  root: text("the path of a folder")
    .optional()
    .describe("Folder of a small static site that answers, read once at the start."),
  hostField: parsed("keep, upstream or a host with an optional port", tryHostField)
    .prefault("keep")
    .describe(
      "Host field the upstream gets: `keep` the client's, the `upstream` address's own, or the one written here.",
    ),
});

const UpstreamTlsSchema = z.strictObject({
  ca: FilePath.optional().describe("PEM file with the authorities to believe. Default: those that come with Node."),
  serverName: Host.optional().describe("Name to send (SNI) and to check. Default: the host of the address."),
  verify: z
    .boolean({ error: "true or false" })
    .default(true)
    .describe("Whether the upstream's certificate is checked."),
});

const UpstreamSchema = z.strictObject({
  addresses: z
    .array(parsed("ws://host:port, wss://host:port or ws+unix:///path, without a path behind it", tryUpstreamAddress))
    .min(1, { error: "at least one address" })
    .describe("Where the backends are, used in turn. Ports default to 80 and 443."),
  connectTimeoutMs: milliseconds(5_000).describe(
    "Deadline of TCP connect and TLS handshake, in milliseconds; then the next address is tried, at last the client gets 504.",
  ),
  answerTimeoutMs: milliseconds(10_000).describe(
    "Deadline from the request sent to its answer, in milliseconds; then the client gets 504.",
  ),
  tls: UpstreamTlsSchema.optional().describe("How the certificates of wss:// addresses are checked."),
  command: z
    .tuple([text("a program")], text("an argument"))
    .optional()
    .describe("Program and arguments of a backend that lives and dies with the gateway, in the folder of this file."),
});

const AdminSchema = z.strictObject({
  address: Address.prefault("127.0.0.1:9464").describe(
    "Where /livez, /readyz and /metrics are answered. Not for the public.",
  ),
});

const Http2Schema = z.strictObject({
  maxConcurrentStreams: count("streams", { from: 1, to: 65_536, standard: 256 }).describe(
    "Streams one connection may have open at once. Browsers queue what is above.",
  ),
  streamWindowBytes: count("bytes", { from: 1_024, to: MaxInt31, standard: 262_144 }).describe(
    "Bytes one stream may send ahead of its upstream: the most a slow upstream holds in memory here.",
  ),
  connectionWindowBytes: count("bytes", { from: 65_535, to: MaxInt31, standard: 16_777_216 }).describe(
    "Bytes all streams of a connection may send ahead together.",
  ),
  resetBurst: count("resets", { from: 1, to: MaxInt31, standard: 1_024 }).describe(
    "Streams a client may reset at once before it loses its connection; at least 4 × maxConcurrentStreams.",
  ),
  resetsPerSecond: count("resets", { from: 1, to: MaxInt31, standard: 256 }).describe(
    "Resets per second that a client regains.",
  ),
  maxSessionMemoryMiB: count("MiB", { from: 1, to: 4_096, standard: 128 }).describe(
    "Memory one connection may take, in MiB, before new streams are refused.",
  ),
  maxHeaderListBytes: count("bytes", { from: 1_024, to: 1_048_576, standard: 16_384 }).describe(
    "Size of an HTTP/2 request's fields, in bytes as HTTP/2 counts them; on HTTP/1.1 it is 16 KiB.",
  ),
});

const DeadlinesSchema = z.strictObject({
  handshakeMs: milliseconds(10_000).describe("From TCP accept to TLS done and, on HTTP/2, the client's SETTINGS read."),
  headersMs: milliseconds(10_000).describe("For one block of request fields."),
  answerMs: milliseconds(30_000).describe("From a request's fields to its answer; then 504."),
  idleConnectionMs: milliseconds(300_000).describe("For a connection with nothing open on it."),
  closeMs: milliseconds(5_000).describe(
    "For a Close to leave and to be answered, and as long again for the end behind it; then the stream is reset.",
  ),
  writeStallMs: milliseconds(60_000).describe(
    "For a side that takes no bytes while there are some for it; then it is closed with 1013.",
  ),
  drainMs: milliseconds(30_000).describe("From the stop signal until streams that are still open are cut."),
});

const HandlersSchema = z.strictObject({
  maxMessageBytes: count("bytes", { from: 1, to: 1_073_741_824, standard: 1_048_576 }).describe(
    "Largest message an in-process handler receives; a larger one is closed with 1009.",
  ),
  maxFragments: count("fragments", { from: 1, to: 1_048_576, standard: 1_024 }).describe(
    "Most fragments of one such message; more are closed with 1008.",
  ),
});

const Network = parsed("an IP address or a network such as 10.0.0.0/8", (written) =>
  isIpAddress(written) || isNetwork(written) ? written : undefined,
);

export const ConfigSchema = z.strictObject({
  listeners: z.array(ListenerSchema).min(1, { error: "at least one listener" }).describe("Ports clients connect to."),
  routes: z
    .array(RouteSchema)
    .min(1, { error: "at least one route" })
    .describe("Who answers which host and path; the order does not matter."),
  upstreams: z.record(z.string(), UpstreamSchema).default({}).describe("WebSocket backends by name."),
  admin: AdminSchema.prefault({}).describe("Port for operators."),
  http2: Http2Schema.prefault({}).describe("What a client may cost on an HTTP/2 connection."),
  deadlines: DeadlinesSchema.prefault({}).describe("How long things may take, in milliseconds."),
  handlers: HandlersSchema.prefault({}).describe("Limits of in-process handlers."),
  trustedProxies: z
    .array(Network)
    .default([])
    .describe("Proxies in front whose X-Forwarded-* and Forwarded are believed: addresses and networks."),
});

/** A config file that fits the schema: defaults filled in, paths and names not looked up yet. */
export type ConfigDocument = z.output<typeof ConfigSchema>;
