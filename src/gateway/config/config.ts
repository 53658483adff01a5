import type { ClientProtocol } from "../../transport/client-dialer.ts";
import type { H2Options } from "../../transport/h2-acceptor.ts";
import type { AlpnProtocol, ServerCertificate } from "../../transport/tls-server.ts";
import type { AcceptorDeadlines } from "../../transport/transport-limits.ts";
import type { UpstreamAddress } from "../../transport/upstream-address.ts";

/** A config file as the gateway works with it: defaults filled in, paths absolute, certificates read. */
export interface Config {
  /** Absolute path of the folder the config file is in: where the commands of upstreams are started. */
  readonly folder: string;
  /** Absolute paths of every file the config was made from: itself, what it includes, certificates and keys. */
  readonly files: readonly string[];
  readonly listeners: readonly ListenerConfig[];
  /** In the order of the file; which one matches first is the affair of `RouteTable`. */
  readonly routes: readonly RouteConfig[];
  readonly upstreams: readonly UpstreamConfig[];
  readonly admin: AdminConfig;
  readonly access: AccessConfig;
  readonly limits: LimitsConfig;
  readonly http2: H2Options;
  readonly deadlines: Deadlines;
  readonly reload: ReloadConfig;
  readonly log: LogConfig;
  /** `undefined`: nothing is traced. */
  readonly tracing: TracingConfig | undefined;
  /** IP addresses and networks in CIDR notation whose forwarding fields and PROXY headers are believed. */
  readonly trustedProxies: readonly string[];
  /** Processes that serve as one. At 1 it is the process that was started. */
  readonly workers: number;
}

/** Where to listen. Port 0 lets the system choose. */
export interface HostPort {
  /** IP address (IPv6 without brackets) or host name. */
  readonly host: string;
  readonly port: number;
}

/** The port for operators. */
export interface AdminConfig extends HostPort {
  /** What the rest of it asks for beside /livez, /readyz and /metrics; `undefined`: that is for this machine alone. */
  readonly auth: AdminAuth | undefined;
  /** In the form of `comparableHost`: names it may be called by, beside `localhost` and IP addresses. */
  readonly hosts: readonly string[];
  /** Whether the addresses of clients are shown. */
  readonly showClients: boolean;
  /** How many streams `/metrics/streams` has at most. */
  readonly topStreams: number;
}

/** What an operator shows. Secret. */
export type AdminAuth =
  | { readonly type: "token"; readonly token: string }
  | { readonly type: "password"; readonly user: string; readonly password: string };

/** One port clients connect to. Names are unique. */
export interface ListenerConfig extends HostPort {
  readonly name: string;
  /**
   * `undefined`: cleartext, HTTP/1.1 and HTTP/2 told apart by the preface. Otherwise at least one; the first is the default.
   * Server names are in lower case; there are none only where the certificate itself has none.
   */
  readonly certificates: readonly ServerCertificate[] | undefined;
  readonly protocols: readonly AlpnProtocol[];
  /** Whether connections from `trustedProxies` begin with a PROXY header (v1 or v2). */
  readonly proxyProtocol: boolean;
}

/** Which requests a route takes and where they go. Names are unique, and so are the three values that match. */
export interface RouteConfig {
  readonly name: string;
  /** Lower case, without port and final dot; `undefined` for every host. */
  readonly host: string | undefined;
  readonly match: "exact" | "prefix";
  /** In the form of `comparablePath`; a prefix has no final slash, so the one that matches everything is empty. */
  readonly path: string;
  readonly target: RouteTarget;
  /** Whose pages may open WebSockets here; the route's own or, where it has none, those of `access`. */
  readonly origins: OriginRule;
  /** The route's own; those of `access` hold as well. */
  readonly clients: ClientRules;
  /** WebSockets open at once on this route; `undefined` for no limit of its own. */
  readonly maxStreams: number | undefined;
  /** For its WebSockets: `relays` or `handlers` of the file with the route's own values in their place. */
  readonly streams: StreamLimits;
  /** What operators may see of its payload, `undefined` for nothing. */
  readonly tail?: TailConfig | undefined;
}

/** What operators may see of the texts on a route, where they look at its frames. */
export interface TailConfig {
  /** The first characters of a text. */
  readonly preview: number;
  /** Regular expressions; what they match is not shown. */
  readonly mask: readonly string[];
}

/** Who answers what a route takes. */
export type RouteTarget =
  | { readonly type: "upstream"; readonly upstream: string; readonly hostField: HostField }
  /** `handler`: `echo`, or the absolute path of a module. `compress`: whether permessage-deflate is agreed to. */
  | { readonly type: "handler"; readonly handler: string; readonly compress: boolean }
  /** `folder`: absolute path of a static site. */
  | { readonly type: "root"; readonly folder: string };

/** The `Host` field an upstream gets: the client's, the upstream address's own, or a fixed one. */
export type HostField =
  { readonly type: "keep" } | { readonly type: "upstream" } | { readonly type: "literal"; readonly authority: string };

/**
 * Which `Origin` an opening may have (RFC 6455 §10.2). `same`: host and port as the authority asked for; `list`: those, or one
 * that is listed (`https://app.example.com`, `https://*.example.com`, a port where it is not the scheme's own); `any`: every
 * one. An opening without Origin is no browser's and passes.
 */
export type OriginRule =
  { readonly type: "same" } | { readonly type: "list"; readonly origins: readonly string[] } | { readonly type: "any" };

/** IP addresses and networks in CIDR notation. `deny` comes first; an empty `allow` is everybody. */
export interface ClientRules {
  readonly allow: readonly string[];
  readonly deny: readonly string[];
}

/** Who may ask for anything at all. */
export interface AccessConfig {
  /** Hosts answered, lower case, `*.example.com` for one label more; empty for every host. Else 421. */
  readonly hosts: readonly string[];
  readonly clients: ClientRules;
}

/** What all clients together, and each of them, may have at once. `undefined` is no limit. */
export interface LimitsConfig {
  /** TCP connections in all; above, a new one is reset. */
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number | undefined;
  /** TLS handshakes at work at once; the others wait for their turn within `handshakeMs`. */
  readonly maxHandshakes: number;
  /** WebSockets in all (503), on one connection (429) and of one client address (429). */
  readonly maxStreams: number;
  readonly maxStreamsPerConnection: number;
  readonly maxStreamsPerAddress: number | undefined;
  /** Openings a second of one client address, and how many at once (429). */
  readonly openingRate: { readonly perSecond: number; readonly burst: number } | undefined;
  /** Size of the fields of a request (431), as HTTP/2 counts it: 32 bytes beside name and value of each. */
  readonly maxHeaderBytes: number;
  /** Field lines of a request (431). */
  readonly maxHeaderCount: number;
}

/** What one WebSocket may be and have. `undefined` is no limit. Sizes are of the wire: compressed, where it is. */
export interface StreamLimits {
  /** Close 1009. */
  readonly maxMessageBytes: number | undefined;
  /** Close 1009. */
  readonly maxFrameBytes: number | undefined;
  /** Frames of one message; Close 1008. */
  readonly maxFragments: number | undefined;
  /** Bytes that wait here for a receiver: at it a relay holds its sender back, and a handler's connection ends with 1013. */
  readonly maxBufferedBytes: number;
  /** No frame either way for that long: Close 1001. */
  readonly idleMs: number | undefined;
  /** Close 1012 when it is as old as that, less a random part up to `maxAgeJitter` of it, so that not all end at once. */
  readonly maxAgeMs: number | undefined;
  /** From 0 to 1. */
  readonly maxAgeJitter: number;
}

/** A group of equal backends. Names are unique. */
export interface UpstreamConfig {
  readonly name: string;
  /** Whether ordinary requests are passed on too: its addresses are `http(s)://`, not `ws(s)://`. */
  readonly takesRequests: boolean;
  /** At least one. */
  readonly addresses: readonly AddressConfig[];
  /** IP addresses of this machine to connect from, in turn; empty: the system chooses. */
  readonly sourceAddresses: readonly string[];
  readonly connectTimeoutMs: number;
  /** WebSockets: from the opening sent to its answer. */
  readonly answerTimeoutMs: number;
  /** Ordinary requests: from the request sent to the response's first byte. */
  readonly responseTimeoutMs: number;
  /** The HTTP version for WebSockets. */
  readonly protocol: ClientProtocol;
  /** WebSockets on one HTTP/2 connection; one more opens another. */
  readonly maxStreamsPerConnection: number;
  /**
   * Per address, connections for ordinary requests, and HTTP/2 connections for WebSockets; and how many requests, and how many
   * openings, may wait for room on one (503).
   */
  readonly maxConnections: number;
  readonly maxWaiting: number;
  /** Program and arguments of a process that lives and dies with the gateway. */
  readonly command: readonly [string, ...string[]] | undefined;
}

/** One address of an upstream. */
export interface AddressConfig extends UpstreamAddress {
  /** As the config file has it, in the normal form of a URL; for people. */
  readonly url: string;
  /** What `hostField: upstream` sends: host, and port unless it is the scheme's own; `localhost` for a unix socket. */
  readonly authority: string;
}

/** Every deadline of the gateway, in milliseconds. */
export interface Deadlines extends AcceptorDeadlines {
  /** For a Close to leave and be answered, and as long again for the end behind it. */
  readonly closeMs: number;
  /** A side that takes no bytes although there are some for it. */
  readonly writeStallMs: number;
  /** From the stop signal to the end of the last stream. */
  readonly drainMs: number;
  /** Over how long a drain or a reload spreads its Closes at most; a few streams take less: 10 ms each. */
  readonly closeSpreadMs: number;
}

/** When and how a changed config is taken over. */
export interface ReloadConfig {
  /** Whether the files are watched. SIGHUP and `POST /reload` work anyhow. */
  readonly watch: boolean;
  /** How long the streams of a changed route live on, less a random part of up to a tenth; then Close 1012. */
  readonly changedRouteMs: number;
}

/** What is traced. */
export interface TracingConfig {
  /** URL that takes OTLP over HTTP. */
  readonly endpoint: string;
  /** From 0 to 1. */
  readonly sampleRatio: number;
  readonly serviceName: string;
}

/** What is logged. */
export interface LogConfig {
  /** `auto`: text on a terminal, JSON elsewhere. */
  readonly format: "auto" | "json" | "text";
  /** How often a stream that stays open has a line; `undefined` for never. */
  readonly openStreamMs: number | undefined;
  /** Whether each ordinary HTTP request has a line. */
  readonly requests: boolean;
}
