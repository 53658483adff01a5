import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { connectAnswerFields, parseExtendedConnect } from "../../src/protocol/handshake/extended-connect.ts";
import { isFieldName, isFieldValue } from "../../src/protocol/handshake/field-values.ts";
import { tryExtensions } from "../../src/protocol/handshake/negotiation.ts";
import {
  checkUpgradeResponse,
  createUpgradeKey,
  encodeUpgradeAnswer,
  encodeUpgradeRequest,
  parseUpgrade,
} from "../../src/protocol/handshake/upgrade.ts";
import { ResponseHeadReader } from "../../src/transport/response-head.ts";
import { outcomeOf } from "../support/outcome.ts";

const token = fc.stringMatching(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,8}$/);
const value = fc.oneof(
  fc.stringMatching(/^[\t\x20-\x7e\x80-\xff]{0,20}$/).map((text) => text.replaceAll(/^[\t ]+|[\t ]+$/g, "")),
  token,
);
/** Names that the handshake does not write itself, and no hop keeps for itself. */
const fieldLines = fc
  .array(
    fc.tuple(
      token.map((name) => `x-${name.toLowerCase()}`),
      value,
    ),
    { maxLength: 5 },
  )
  .map((lines) => lines.flat());
const authority = fc.oneof(
  fc.stringMatching(/^[a-z0-9-]{1,8}(?:\.[a-z0-9-]{1,8}){0,2}(?::[1-9][0-9]{0,3})?$/),
  fc.constantFrom("[::1]", "[2001:db8::1]:8443"),
);
const path = fc.stringMatching(/^\/[\x21\x22\x24-\x7e]{0,20}$/);
const subprotocols = fc.uniqueArray(token, { maxLength: 3 });
const parameters = fc.array(fc.tuple(token, fc.option(token, { nil: undefined })), { maxLength: 3 });
const terms = fc.array(fc.record({ name: token, parameters }), { maxLength: 3 });

type Terms = readonly { name: string; parameters: readonly (readonly [string, string | undefined])[] }[];

/** The terms as the grammar lets them be written, `quoted` where a value may be a quoted string. */
function written(list: Terms, quoted: boolean): string {
  const valueOf = (text: string) => (quoted ? `"${text.replaceAll(/./g, "\\$&")}"` : text);
  return list
    .map(({ name, parameters }) =>
      [name, ...parameters.map(([key, text]) => (text === undefined ? key : `${key} = ${valueOf(text)}`))].join(" ; "),
    )
    .join(" , ");
}

function readHead(text: string) {
  const progress = new ResponseHeadReader().read(Buffer.from(text, "latin1"));
  if (progress.type !== "head") throw new Error(`no head: ${text}`);
  return progress;
}

/** The field lines of a head that was written as text. */
function linesOf(head: string): string[] {
  const [, ...lines] = head.replace(/\r\n\r\n$/, "").split("\r\n");
  return lines.flatMap((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]);
}

describe("what one side of a handshake writes, the other reads", () => {
  test("extension parameters, as tokens and as quoted strings", () => {
    fc.assert(
      fc.property(terms, fc.boolean(), (list, quoted) => {
        expect(tryExtensions(written(list, quoted))).toEqual(list);
      }),
    );
  });

  test("an Upgrade", () => {
    fc.assert(
      fc.property(authority, path, subprotocols, terms, fieldLines, (authority, path, subprotocols, list, fields) => {
        const key = createUpgradeKey();
        const extensions = written(list, false);
        const head = encodeUpgradeRequest({ authority, path, subprotocols, extensions, fields, key });
        const [method, target] = head.split(" ");
        const lines = linesOf(head);
        const read = parseUpgrade({
          method: method!,
          httpVersion: "1.1",
          target: target!,
          fields: lines,
          secure: false,
        });
        expect(read).toMatchObject({ type: "opening", key, request: { authority, path, subprotocols, extensions } });
        expect(lines.slice(-fields.length || Infinity)).toEqual(fields);
      }),
    );
  });

  test("a 101", () => {
    fc.assert(
      fc.property(subprotocols, terms, fieldLines, fc.boolean(), (offered, list, fields, quoted) => {
        const unique = list.filter(({ name }, at) => list.findIndex((other) => other.name === name) === at);
        const sent = { subprotocols: offered, extensions: written(list, false), key: createUpgradeKey() };
        const [subprotocol] = offered;
        const extensions = written(unique, quoted) || undefined;
        const head = encodeUpgradeAnswer(sent.key, { subprotocol, extensions, fields });
        const { head: read, end } = readHead(head);
        expect([read.status, end]).toEqual([101, head.length]);
        const accepted = { type: "accepted", subprotocol, extensions, fields };
        expect(checkUpgradeResponse(read.fields, sent)).toEqual(accepted);
        expect(checkUpgradeResponse(read.fields, { ...sent, key: createUpgradeKey() }).type).toBe("invalid");
      }),
    );
  });

  test("an Extended CONNECT and its 200", () => {
    fc.assert(
      fc.property(authority, path, subprotocols, terms, fieldLines, (authority, path, subprotocols, list, fields) => {
        const extensions = written(list, true);
        const pseudo = [":method", "CONNECT", ":protocol", "websocket", ":scheme", "https", ":authority", authority];
        const offer = ["sec-websocket-protocol", subprotocols.join(", "), "sec-websocket-extensions", extensions];
        const read = parseExtendedConnect(
          [...pseudo, ":path", path, "sec-websocket-version", "13", ...offer, ...fields],
          true,
        );
        expect(read).toMatchObject({ type: "opening", request: { authority, path, subprotocols, extensions } });
        const answer = connectAnswerFields({
          subprotocol: subprotocols[0],
          extensions: extensions || undefined,
          fields,
        });
        expect(answer.slice(-fields.length || Infinity)).toEqual(fields);
      }),
    );
  });
});

describe("no field line breaks out of its line", () => {
  const wild = fc.oneof(
    fc.string({ unit: "binary", maxLength: 12 }),
    token,
    fc.constantFrom("a\r\nb: c", "a\n", "\0", "Ċ", " a"),
  );

  test("what is written has as many lines as were asked for, or nothing is written", () => {
    fc.assert(
      fc.property(wild, wild, wild, wild, (name, value, subprotocol, path) => {
        const request = { authority: "a", path: `/${path}`, subprotocols: [subprotocol], extensions: "", key: "k" };
        const fields = [`x-${name}`, value];
        const isSound = isFieldName(`x-${name}`) && isFieldValue(value) && isFieldValue(subprotocol);
        const heads = [
          outcomeOf(() => encodeUpgradeRequest({ ...request, fields })),
          outcomeOf(() => encodeUpgradeAnswer("k", { subprotocol, fields })),
        ];
        const sound = `\r\nx-${name}: ${value}\r\n`;
        for (const head of heads) {
          const lines = Buffer.from(head, "latin1")
            .toString("latin1")
            .replace(/\r\n\r\n$/, "")
            .split("\r\n");
          expect(head === "TypeError" || (isSound && head.includes(sound))).toBe(true);
          expect(lines.filter((line) => /[\r\n\0]/.test(line))).toEqual([]);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("no request crashes the judges of openings", () => {
  const name = fc.oneof(
    fc.constantFrom(
      ":method",
      ":path",
      ":authority",
      ":scheme",
      ":protocol",
      "host",
      "Upgrade",
      "connection",
      "cookie",
    ),
    fc.constantFrom("sec-websocket-key", "sec-websocket-version", "Sec-WebSocket-Protocol", "sec-websocket-extensions"),
    fc.constantFrom("content-length", "transfer-encoding", "origin"),
    fc.string({ unit: "binary", maxLength: 6 }),
  );
  const word = fc.oneof(
    fc.constantFrom(
      "GET",
      "CONNECT",
      "websocket",
      "Upgrade",
      "13",
      "dGhlIHNhbXBsZSBub25jZQ==",
      "example.com",
      "/",
      "a, b",
    ),
    fc.constantFrom("https", "permessage-deflate; client_max_window_bits", 'a; b="c\\"', "", "0", ",", "[::1]:80"),
    fc.string({ unit: "binary", maxLength: 12 }),
  );
  const anyFields = fc.array(fc.tuple(name, word), { maxLength: 12 }).map((lines) => lines.flat());

  test("each is an opening or refused with a status of its own", () => {
    fc.assert(
      fc.property(
        anyFields,
        word,
        word,
        fc.constantFrom("1.0", "1.1", "2"),
        fc.boolean(),
        (fields, method, target, httpVersion, secure) => {
          for (const judged of [
            parseUpgrade({ method, httpVersion, target, fields, secure }),
            parseExtendedConnect(fields, secure),
          ]) {
            const outcome = judged.type === "refused" ? judged.rejection.status : judged.request.scheme;
            expect([400, 405, 426, 501, secure ? "https" : "http"]).toContain(outcome);
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
