import { Milliseconds, type NumberRule } from "./number-rules.ts";
import { checkOptions, type OptionRules, Text } from "./option-rules.ts";
import { OfNewServer } from "./server-option-check.ts";

/** Where an own listener listens for TCP. */
export interface TcpListening {
  /** `undefined`: on every address of this machine. */
  readonly host?: string | undefined;
  /** 0, as without one, lets the system choose. */
  readonly port?: number | undefined;
}

/** Where an own listener listens on a unix socket. */
export interface PathListening {
  readonly path: string;
}

/** How a server that others run is shared with them. */
export interface AttachOptions {
  /**
   * The paths whose openings are ours, as in an `Endpoint`; absent: all. Others are left to whoever else listens for them, and
   * refused with 404 where nobody does.
   */
  readonly path?: string | ((path: string) => boolean);
}

/** How a server closes. */
export interface ServerCloseOptions {
  /** Of the Close each connection is sent; 1001 where not given. */
  readonly code?: number | undefined;
  readonly reason?: string | undefined;
  /** How long the connections may take for it before they are cut; 30 s where not given. Infinity: for ever. */
  readonly drainMs?: number | undefined;
}

const Port: NumberRule = { from: 0, to: 65_535, isWhole: true, infinity: undefined };

const OfListen: OptionRules<TcpListening & PathListening> = { host: Text, port: Port, path: Text };

const OfAttach: OptionRules<AttachOptions> = {
  path: {
    allowed: "a path such as /live/*, or a function",
    isAllowed: (value) => typeof value === "string" || typeof value === "function",
  },
};

const OfClose: OptionRules<ServerCloseOptions> = {
  // A code that cannot be sent is an error of its own.
  code: { allowed: "a close code", isAllowed: (value) => typeof value === "number" },
  reason: Text,
  drainMs: { ...Milliseconds, from: 0, infinity: "ever" },
};

/**
 * `place` as a path, or else a host and a port.
 *
 * @throws TypeError for an option that `listen` does not have, such as those of the server, and for a path beside a host or a
 *   port; RangeError for a port that is none.
 */
export function listeningPlace(
  place: TcpListening | PathListening,
):
  | { readonly type: "path"; readonly path: string }
  | { readonly type: "tcp"; readonly host?: string | undefined; readonly port: number } {
  const example = typeof place === "number" ? `listen({ port: ${String(place)} })` : "listen({ port: 8080 })";
  checkOptions(place, OfListen, { of: "listen()", example, elsewhere: OfNewServer });
  const { host, port, path }: Partial<TcpListening & PathListening> = place;
  if (path === undefined) return { type: "tcp", host, port: port ?? 0 };
  if (host !== undefined || port !== undefined) {
    throw new TypeError("path is one place to listen, and host and port another: call listen() for each");
  }
  return { type: "path", path };
}

/** @throws TypeError for an option that `attach` does not have. */
export function checkAttachOptions(options: AttachOptions): void {
  checkOptions(options, OfAttach, {
    of: "attach()",
    example: 'attach(server, { path: "/live/*" })',
    elsewhere: OfNewServer,
  });
}

/** @throws TypeError for an option that `close` does not have, RangeError for a time that is none. */
export function checkCloseOptions(options: ServerCloseOptions): void {
  checkOptions(options, OfClose, { of: "close()", example: 'close({ reason: "that is all" })' });
}
