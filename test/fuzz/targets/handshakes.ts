import { isDeepStrictEqual } from "node:util";
import { connectAnswerFields, parseExtendedConnect } from "../../../src/protocol/handshake/extended-connect.ts";
import { acceptExtensions, confirmExtensions } from "../../../src/protocol/handshake/extension-negotiation.ts";
import { isFieldValue } from "../../../src/protocol/handshake/field-values.ts";
import { allowedRsvOf, areExtensionsOffered, tryExtensions } from "../../../src/protocol/handshake/negotiation.ts";
import type { OpeningRequest } from "../../../src/protocol/handshake/opening-request.ts";
import {
  checkUpgradeResponse,
  encodeUpgradeAnswer,
  encodeUpgradeRequest,
  parseUpgrade,
} from "../../../src/protocol/handshake/upgrade.ts";
import { PermessageDeflateNegotiator } from "../../../src/protocol/message/permessage-deflate-negotiator.ts";
import { latin1 } from "../../support/byte-pieces.ts";
import { codeThrown } from "../../support/byte-readers.ts";
import type { FuzzTarget } from "../fuzz-target.ts";

const Key = "dGhlIHNhbXBsZSBub25jZQ==";
const Negotiators = [new PermessageDeflateNegotiator({ serverMaxWindowBits: 10, clientMaxWindowBits: 9 })];

/** The first line, and name and value of each further one; a line without a colon is a name alone. */
function readLines(input: Uint8Array): { first: string; fields: string[] } {
  const [first = "", ...lines] = Buffer.from(input).toString("latin1").split("\n");
  const fields = lines.flatMap((line) => {
    const colon = line.indexOf(":", 1);
    return colon < 0 ? [line, ""] : [line.slice(0, colon), line.slice(colon + 1)];
  });
  return { first, fields };
}

function refuseUnless(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

/** What of an accepted opening must be so, whichever way it came. */
function checkRequest(request: OpeningRequest): string {
  refuseUnless(/^\/[!-~]*$/.test(request.path), "a path that is none");
  refuseUnless(/^[!-~]+$/.test(request.authority), "an authority that is none");
  refuseUnless(request.fields.every(isFieldValue), "a field value that cannot be sent on");
  const { value } = acceptExtensions(request.extensions, Negotiators);
  if (value !== undefined) refuseUnless(areExtensionsOffered(value, request.extensions), "an answer not on offer");
  return `opening ${request.subprotocols.length} ${value ?? ""}`;
}

function runUpgrade(input: Uint8Array): string {
  const { first, fields } = readLines(input);
  const [method = "", target = "", version = ""] = first.split(" ");
  const judged = parseUpgrade({ method, target, httpVersion: version.replace("HTTP/", ""), fields, secure: false });
  if (judged.type === "refused") return `${judged.rejection.status} ${String(judged.rejection.body)}`;
  const { request, key } = judged;
  const said = checkRequest(request);
  // Whoever passes the opening on says what he was told, and nothing more.
  const again = readLines(
    latin1(
      encodeUpgradeRequest({ ...request, key })
        .replaceAll("\r", "")
        .replaceAll(": ", ":"),
    ),
  );
  const [, path = ""] = again.first.split(" ");
  const passed = parseUpgrade({
    method: "GET",
    target: path,
    httpVersion: "1.1",
    fields: again.fields.slice(0, -4),
    secure: false,
  });
  refuseUnless(passed.type === "opening", "an opening that cannot be passed on");
  if (passed.type === "opening") {
    const { subprotocols, extensions } = passed.request;
    refuseUnless(isDeepStrictEqual(subprotocols, request.subprotocols), "other subprotocols passed on");
    refuseUnless(extensions === request.extensions, "other extensions passed on");
  }
  encodeUpgradeAnswer(key, { subprotocol: request.subprotocols[0], fields: request.fields });
  return said;
}

function runConnect(input: Uint8Array): string {
  const { first, fields } = readLines(input);
  const judged = parseExtendedConnect(fields, first === "secure");
  if (judged.type === "refused") return `${judged.rejection.status} ${String(judged.rejection.body)}`;
  connectAnswerFields({ subprotocol: judged.request.subprotocols[0], fields: judged.request.fields });
  return checkRequest(judged.request);
}

function runResponse(input: Uint8Array): string {
  const { fields } = readLines(input);
  const lines = fields.map((part, at) => (at % 2 === 0 ? part.toLowerCase() : part.trim()));
  const sent = { key: Key, subprotocols: ["chat", "soap"], extensions: "permessage-deflate; client_max_window_bits=9" };
  const checked = checkUpgradeResponse(lines, sent);
  if (checked.type === "invalid") return checked.detail;
  refuseUnless(checked.subprotocol === undefined || sent.subprotocols.includes(checked.subprotocol), "a stranger");
  return `accepted ${codeThrown(() => void confirmExtensions(checked.extensions, Negotiators))}`;
}

function runExtensions(input: Uint8Array): string {
  const text = Buffer.from(input).toString("latin1");
  const terms = tryExtensions(text);
  const rsv = allowedRsvOf(text);
  const accepted = acceptExtensions(text, Negotiators);
  const code = codeThrown(() => void confirmExtensions(text, Negotiators));
  if (terms === undefined) {
    refuseUnless(accepted.value === undefined && rsv === 0 && code !== "", "agreed on what breaks the grammar");
    return code;
  }
  const written = terms.map(({ name, parameters }) =>
    [name, ...parameters.map(([key, value]) => (value === undefined ? key : `${key}=${value}`))].join(";"),
  );
  refuseUnless(isDeepStrictEqual(tryExtensions(written.join(",")), terms), "read again, the terms are others");
  return `${Math.min(terms.length, 3)} ${rsv} ${accepted.value ?? ""} ${code}`;
}

const UpgradeLines = [
  "GET /chat HTTP/1.1\nHost:example.com\nUpgrade:websocket\nConnection:keep-alive, Upgrade\n" +
    `Sec-WebSocket-Key:${Key}\nSec-WebSocket-Version:13\n`,
  "Sec-WebSocket-Protocol:chat, superchat\n",
  "Sec-WebSocket-Extensions:permessage-deflate; client_max_window_bits\n",
  "Host:[::1]:8080\n",
  "Content-Length:0\n",
  "Transfer-Encoding:chunked\n",
  "Sec-WebSocket-Version:8\n",
  "Origin:https://example.com\nCookie:a=b\nCookie:c=d\n",
];

const ConnectLines = [
  "secure\n:method:CONNECT\n:protocol:websocket\n:scheme:https\n:authority:example.com\n:path:/chat?a=b\n" +
    "sec-websocket-version:13\n",
  ":path:*\n",
  ":authority:a,b\n",
  "host:example.com\n",
  "cookie:a=b\ncookie:c=d\n",
  "content-length:0\n",
  "te:trailers\n",
  "sec-websocket-protocol:chat\nsec-websocket-extensions:permessage-deflate\n",
];

const ResponseLines = [
  "101\nUpgrade:websocket\nConnection:Upgrade\nSec-WebSocket-Accept:s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\n",
  "Sec-WebSocket-Protocol:chat\n",
  "Sec-WebSocket-Extensions:permessage-deflate; server_max_window_bits=9; client_max_window_bits=8\n",
  "Sec-WebSocket-Extensions:foo\n",
  "Content-Length:0\n",
];

const ExtensionValues = [
  "permessage-deflate; client_max_window_bits",
  "permessage-deflate; server_max_window_bits=10; server_no_context_takeover",
  'foo; bar="baz\\"", permessage-deflate',
  "permessage-deflate; client_max_window_bits=8; client_no_context_takeover",
  ", ,;",
  "x-webkit-deflate-frame",
];

function target(name: string, pieces: readonly string[], run: (input: Uint8Array) => string): FuzzTarget {
  return { name, pieces: pieces.map(latin1), start: () => ({ run }) };
}

/** The judges of opening handshakes, on both sides. */
export const HandshakeTargets: readonly FuzzTarget[] = [
  target("upgrade", UpgradeLines, runUpgrade),
  target("extended-connect", ConnectLines, runConnect),
  target("upgrade-response", ResponseLines, runResponse),
  target("extensions", ExtensionValues, runExtensions),
];
