import type { IncomingMessage } from "node:http";
import { hasListMember } from "../protocol/handshake/field-values.ts";
import { parseUpgrade, type UpgradeOpening } from "../protocol/handshake/upgrade.ts";
import { asH2Lines, exceedsLimits } from "./header-size.ts";
import { refuse, RefusedOpenings, type RefusedRequest } from "./refused-request.ts";
import { judgeH1Request, type RequestFacts } from "./request-facts.ts";
import type { HeaderLimits } from "./transport-limits.ts";

/** Whether the client offers to go on with websocket; other protocols it offers are none of ours (RFC 9110 §7.8). */
export function isWebSocketUpgrade(request: IncomingMessage): boolean {
  return hasListMember([request.headers.upgrade ?? ""], "websocket");
}

/** What a request that node:http has parsed asks for, or its refusal. `secure` is whether its connection is TLS. */
export function judgeH1(
  request: IncomingMessage,
  limits: HeaderLimits,
  secure: boolean,
): RequestFacts | RefusedRequest {
  const { method = "", url = "", httpVersion, rawHeaders } = request;
  if (isTooLarge(request, limits, secure)) return refuse("header-size", 431);
  const requested = judgeH1Request({ method, target: url, httpVersion, rawFields: rawHeaders });
  // Asks for a WebSocket, but no Connection field says so: a proxy in between is set up half, and a 400 tells that.
  if ("refusal" in requested || !isWebSocketUpgrade(request)) return requested;
  const parsed = readUpgrade(request, secure);
  return "refusal" in parsed ? parsed : requested;
}

/** The opening that an Upgrade to websocket is, or its refusal. */
export function judgeUpgrade(
  request: IncomingMessage,
  limits: HeaderLimits,
  secure: boolean,
): UpgradeOpening | RefusedRequest {
  return isTooLarge(request, limits, secure) ? RefusedOpenings.headerSize : readUpgrade(request, secure);
}

function readUpgrade(request: IncomingMessage, secure: boolean): UpgradeOpening | RefusedRequest {
  const { method = "", url = "", httpVersion, rawHeaders } = request;
  return parseUpgrade({ method, target: url, httpVersion, fields: rawHeaders, secure });
}

function isTooLarge(
  { method = "", url = "", rawHeaders }: IncomingMessage,
  limits: HeaderLimits,
  secure: boolean,
): boolean {
  return exceedsLimits(asH2Lines(method, secure ? "https" : "http", url, rawHeaders), limits);
}
