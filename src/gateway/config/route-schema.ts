import { z } from "zod";
import { comparablePath, tryAuthority } from "../../protocol/handshake/request-target.ts";
import type { HostField } from "./config.ts";
import { RouteLimitsSchema } from "./limits-schema.ts";
import { comparablePrefix } from "./route-path.ts";
import { maskPattern } from "./mask-pattern.ts";
import {
  Host,
  HostPattern,
  limit,
  Name,
  Network,
  number,
  oneOf,
  OriginPattern,
  parsed,
  path,
  text,
} from "./schema-parts.ts";

const Origins = z.union([oneOf(["same", "any"]), z.array(OriginPattern)], { error: "a list of origins, same or any" });

const ClientsSchema = z.strictObject({
  allow: z.array(Network).prefault([]).describe("Addresses and networks that may. Default: everybody."),
  deny: z.array(Network).prefault([]).describe("Addresses and networks that may not, whatever `allow` says."),
});

/** `access`. */
export const AccessSchema = z.strictObject({
  hosts: z
    .array(HostPattern)
    .prefault([])
    .describe(
      "Hosts that are answered at all; `*.example.com` is one label more. Others get 421. Default: every host.",
    ),
  origins: Origins.prefault("same").describe(
    "Pages that may open WebSockets: those of the `same` host and port, also those that are listed " +
      "(`https://app.example.com`, `https://*.example.com`), or `any`. Others get 403. Who sends no Origin is no browser's page.",
  ),
  clients: ClientsSchema.prefault({}).describe("Who may ask for anything, by IP address. Others get 403."),
});

/** `read` of a path as a config file may have it: visible ASCII, from the slash on, without query and fragment. */
function pathParser(read: (path: string) => string | undefined): (written: string) => string | undefined {
  return (written) => (/^\/[\x21-\x7e]*$/.test(written) && !/[?#]/.test(written) ? read(written) : undefined);
}

/** As {@link maskPattern} reads it. */
const MaskPattern = parsed("a regular expression of at most 500 characters", (written) => {
  if (written.length > 500) return undefined;
  try {
    maskPattern(written);
    return written;
  } catch {
    return undefined;
  }
});

const TailSchema = z.strictObject({
  preview: number("characters", { from: 1, to: 1_000 }).describe(
    "First characters of a text message in one frame, uncompressed, that `GET /streams/ID/frames?preview=1` shows operators.",
  ),
  mask: z
    .array(MaskPattern)
    .prefault([])
    .describe("Regular expressions (JavaScript, flag u): what they match is shown as `***`."),
});

function tryHostField(written: string): HostField | undefined {
  if (written === "keep" || written === "upstream") return { type: written };
  return tryAuthority(written) === undefined ? undefined : { type: "literal", authority: written };
}

const PathForm = 'a path that begins with "/", without query, dot segments and spaces, such as /ws';
const Path = parsed(PathForm, pathParser(comparablePath));
const PathPrefix = parsed(PathForm, pathParser(comparablePrefix));

/** One of `routes`. */
export const RouteSchema = z.strictObject({
  name: Name.refine((name) => name !== "none", {
    error: "another name than none, which logs and metrics have for no route",
  })
    .optional()
    .describe("Name in logs and metrics. Default: host and path."),
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
  handler: text(
    "echo, or the path of a module that begins with ./, ../ or /",
    /^(?:echo|\.{0,2}\/[ -~\u00a0-\uffff]+)$/,
  )
    .optional()
    .describe("Handler in this process: `echo`, or a module that exports onOpen, onMessage, onClose, onError."),
  root: path("the path of a folder").optional().describe("Folder of a static site that answers."),
  hostField: parsed("keep, upstream or a host with an optional port", tryHostField)
    .prefault("keep")
    .describe(
      "Host field the upstream gets: `keep` the client's, the `upstream` address's own, or the one written here.",
    ),
  origins: Origins.optional().describe("In place of `access.origins` on this route. Default: `access.origins`."),
  clients: ClientsSchema.prefault({}).describe("Who may ask for this route; `access.clients` holds as well."),
  maxStreams: limit("WebSockets", { from: 1, to: 16_777_216 })
    .prefault("off")
    .describe("WebSockets on this route. One more is answered 503."),
  limits: RouteLimitsSchema.prefault({}).describe(
    "What a WebSocket on this route may be and have, in place of `relays` or `handlers`.",
  ),
  tail: TailSchema.optional().describe("What operators may see of its messages. Default: nothing."),
});
