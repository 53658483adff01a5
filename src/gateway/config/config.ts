import type { H2Options } from "../../transport/h2-acceptor.ts";
import type { AcceptorDeadlines } from "../../transport/transport-limits.ts";
import type { UpstreamAddress } from "../../transport/upstream-address.ts";

/** A config file as the gateway works with it: defaults filled in, paths absolute, certificates read. */
export interface Config {
  /** Absolute path of the folder the config file is in: where the commands of upstreams are started. */
  readonly folder: string;
  readonly listeners: readonly ListenerConfig[];
  /** In the order of the file; which one matches first is the affair of `RouteTable`. */
  readonly routes: readonly RouteConfig[];
  readonly upstreams: readonly UpstreamConfig[];
  readonly admin: HostPort;
  readonly http2: H2Options;
  readonly deadlines: Deadlines;
  readonly handlers: HandlerLimits;
  /** IP addresses and networks in CIDR notation whose forwarding fields are believed. */
  readonly trustedProxies: readonly string[];
}

/** Where to listen. Port 0 lets the system choose. */
export interface HostPort {
  /** IP address (IPv6 without brackets) or host name. */
  readonly host: string;
  readonly port: number;
}

/** One port clients connect to. Names are unique. */
export interface ListenerConfig extends HostPort {
  readonly name: string;
  /** `undefined`: cleartext, HTTP/1.1 and HTTP/2 told apart by the preface. */
  readonly tls: TlsFiles | undefined;
  readonly protocols: readonly HttpProtocol[];
}

/** A protocol a listener speaks, by its ALPN name. */
export type HttpProtocol = "h2" | "http/1.1";

/** Contents of PEM files that belong together. */
export interface TlsFiles {
  /** The certificate, followed by its chain. */
  readonly certificate: string;
  readonly key: string;
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
}

/** Who answers what a route takes. */
export type RouteTarget =
  | { readonly type: "upstream"; readonly upstream: string; readonly hostField: HostField }
  /** `handler`: `echo`, or the absolute path of a module. */
  | { readonly type: "handler"; readonly handler: string }
  /** `folder`: absolute path of a small static site. */
  | { readonly type: "root"; readonly folder: string };

/** The `Host` field an upstream gets: the client's, the upstream address's own, or a fixed one. */
export type HostField =
  { readonly type: "keep" } | { readonly type: "upstream" } | { readonly type: "literal"; readonly authority: string };

/** A group of equal backends. Names are unique. */
export interface UpstreamConfig {
  readonly name: string;
  /** At least one. */
  readonly addresses: readonly AddressConfig[];
  readonly connectTimeoutMs: number;
  readonly answerTimeoutMs: number;
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
}

/** What an in-process handler may be sent. */
export interface HandlerLimits {
  readonly maxMessageBytes: number;
  readonly maxFragments: number;
}
