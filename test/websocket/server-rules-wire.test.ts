import { describe, expect, test } from "vitest";
import { PermessageDeflateNegotiator } from "../../src/protocol/message/permessage-deflate-negotiator.ts";
import type { Authorize, WebSocketServerOptions } from "../../src/websocket/server-options.ts";
import type { ClientResponse, OpeningWish } from "../support/opening-client.ts";
import { serverFor, ServerWays } from "../support/server-ways.ts";

const handler = {};
const origin = (value: string): OpeningWish => ({ fields: [["Origin", value]] });
const offering = (...subprotocols: string[]): OpeningWish => ({
  fields: [["Sec-WebSocket-Protocol", subprotocols.join(", ")]],
});
const deflating: OpeningWish = { fields: [["Sec-WebSocket-Extensions", "permessage-deflate"]] };
const saying =
  (authorization: Awaited<ReturnType<Authorize<unknown>>>): Authorize<unknown> =>
  async () =>
    authorization;
const Accepted = 101;

interface RuleCase {
  readonly rule: string;
  readonly options: WebSocketServerOptions;
  readonly wish?: OpeningWish;
  /** As on HTTP/1.1. */
  readonly status: number;
  /** Fields the answer has, and those it must not have. */
  readonly fields?: Readonly<Record<string, string | undefined>>;
  readonly body?: string;
  /** Whether the application is told of an error. */
  readonly isTold?: boolean;
}

const Origins: RuleCase[] = [
  { rule: "takes who sends no Origin", options: {}, status: Accepted },
  {
    rule: "takes the origin of the host asked for",
    options: {},
    wish: origin("https://example.com"),
    status: Accepted,
  },
  {
    rule: "refuses any other origin as long as nothing else is said",
    options: {},
    wish: origin("https://evil.example"),
    status: 403,
    body: "Pages of this origin may not open WebSockets here.\n",
  },
  {
    rule: "takes an origin of the list, in any case",
    options: { origins: ["https://app.example.org"] },
    wish: origin("HTTPS://App.Example.Org"),
    status: Accepted,
  },
  {
    rule: "takes an origin that a pattern of the list fits",
    options: { origins: ["https://*.example.org"] },
    wish: origin("https://app.example.org"),
    status: Accepted,
  },
  {
    rule: "refuses an origin that is not on the list",
    options: { origins: ["https://app.example.org"] },
    wish: origin("https://example.org"),
    status: 403,
  },
  { rule: "refuses the origin null", options: { origins: ["https://a.example"] }, wish: origin("null"), status: 403 },
  {
    rule: "takes every origin where that is said",
    options: { origins: "any" },
    wish: origin("null"),
    status: Accepted,
  },
  {
    rule: "refuses two Origin lines whatever is said",
    options: { origins: "any" },
    wish: {
      fields: [
        ["Origin", "https://a.example"],
        ["Origin", "https://b.example"],
      ],
    },
    status: 403,
  },
  {
    rule: "takes an origin that the predicate picks",
    options: { origins: (asked, { authority }) => asked === "https://a.example" && authority === "example.com" },
    wish: origin("https://a.example"),
    status: Accepted,
  },
  {
    rule: "refuses who sends no Origin where the predicate wants one",
    options: { origins: (asked) => asked !== undefined },
    status: 403,
  },
  {
    rule: "answers 500 where the predicate throws",
    options: {
      origins: () => {
        throw new Error("the predicate's");
      },
    },
    status: 500,
    isTold: true,
  },
];

const Hosts: RuleCase[] = [
  { rule: "answers a host of the list", options: { hosts: ["EXAMPLE.com"] }, status: Accepted },
  {
    rule: "answers a host that a pattern of the list fits, whatever its port",
    options: { hosts: ["*.example.com"] },
    wish: { authority: "a.example.com:8080" },
    status: Accepted,
  },
  {
    rule: "refuses a host that is not on the list",
    options: { hosts: ["example.com"] },
    wish: { authority: "example.org" },
    status: 421,
    body: "This host is not answered here.\n",
  },
  {
    rule: "answers a host that the predicate picks",
    options: { hosts: (host) => host === "a.example" },
    wish: { authority: "A.Example." },
    status: Accepted,
  },
  { rule: "refuses a host that the predicate does not pick", options: { hosts: () => false }, status: 421 },
];

const Subprotocols: RuleCase[] = [
  {
    rule: "answers the subprotocol that it prefers",
    options: { subprotocols: ["b", "a"] },
    wish: offering("a", "b"),
    status: Accepted,
    fields: { "sec-websocket-protocol": "b" },
  },
  {
    rule: "answers none where none fits",
    options: { subprotocols: ["b"] },
    wish: offering("a"),
    status: Accepted,
    fields: { "sec-websocket-protocol": undefined },
  },
  {
    rule: "answers none where it has none",
    options: {},
    wish: offering("a"),
    status: Accepted,
    fields: { "sec-websocket-protocol": undefined },
  },
  {
    rule: "refuses who offers none that fits where one is required",
    options: { subprotocols: ["b"], subprotocolRequired: true },
    wish: offering("a"),
    status: 400,
    body: "None of the subprotocols offered is spoken here.\n",
  },
  {
    rule: "answers the subprotocol that the selector chooses",
    options: { subprotocols: (offered, { path }) => offered.find((one) => path === `/${one}`) },
    wish: { path: "/b", ...offering("a", "b") },
    status: Accepted,
    fields: { "sec-websocket-protocol": "b" },
  },
  {
    rule: "answers 500 where the selector chooses what nobody offered",
    options: { subprotocols: () => "c" },
    wish: offering("a"),
    status: 500,
    isTold: true,
  },
  {
    rule: "answers the subprotocol that authorize chooses",
    options: { subprotocols: ["a"], authorize: saying({ type: "accept", data: 1, subprotocol: "b" }) },
    wish: offering("a", "b"),
    status: Accepted,
    fields: { "sec-websocket-protocol": "b" },
  },
];

const Extensions: RuleCase[] = [
  {
    rule: "agrees on an extension that it has",
    options: { extensions: [new PermessageDeflateNegotiator()] },
    wish: deflating,
    status: Accepted,
    fields: { "sec-websocket-extensions": "permessage-deflate" },
  },
  {
    rule: "declines an extension that it does not have",
    options: {},
    wish: deflating,
    status: Accepted,
    fields: { "sec-websocket-extensions": undefined },
  },
];

const Authorizations: RuleCase[] = [
  {
    rule: "sends the fields of its own and of authorize with the answer",
    options: {
      fields: ["X-Own", "a"],
      authorize: saying({ type: "accept", data: 1, fields: ["Set-Cookie", "b=1"] }),
    },
    status: Accepted,
    fields: { "x-own": "a", "set-cookie": "b=1" },
  },
  {
    rule: "leaves out what the handshake says itself",
    options: {
      authorize: saying({ type: "accept", data: 1, fields: ["Sec-WebSocket-Protocol", "x", "Upgrade", "y"] }),
    },
    status: Accepted,
    fields: { "sec-websocket-protocol": undefined },
  },
  {
    rule: "refuses with 401 and its challenge",
    options: {
      authorize: saying({ type: "reject", status: 401, fields: ["www-authenticate", "Bearer"], body: "who?" }),
    },
    status: 401,
    fields: { "www-authenticate": "Bearer", "retry-after": undefined },
    body: "who?",
  },
  {
    rule: "refuses with 404 and a sentence",
    options: { authorize: saying({ type: "reject", status: 404 }) },
    status: 404,
    body: "This WebSocket is refused.\n",
  },
  {
    rule: "refuses with 429 and when to come again",
    options: { authorize: saying({ type: "reject", status: 429, retryAfterSeconds: 30 }) },
    status: 429,
    fields: { "retry-after": "30" },
  },
  {
    rule: "says when to come again where authorize does not",
    options: { authorize: saying({ type: "reject", status: 503 }) },
    status: 503,
    fields: { "retry-after": "5" },
  },
  {
    rule: "answers 500 where authorize throws",
    options: {
      authorize: async () => {
        throw new Error("a secret of the application");
      },
    },
    status: 500,
    body: "Something went wrong here.\n",
    isTold: true,
  },
  {
    rule: "answers 500 where authorize throws at once",
    options: {
      authorize: () => {
        throw new Error("a secret of the application");
      },
    },
    status: 500,
    isTold: true,
  },
  ...[undefined, null, false, true, "accept", {}, { status: 401 }, { type: "rejected", status: 401 }].map(
    (answer): RuleCase => ({
      rule: `opens nothing for ${JSON.stringify(answer)} of an authorize that nobody type-checks`,
      options: { authorize: () => JSON.parse(JSON.stringify({ answer })).answer },
      status: 500,
      isTold: true,
    }),
  ),
  ...["a\r\nX-Evil: 1", "a\nb", "a\0b", "\u010a"].flatMap((value): RuleCase[] => [
    {
      rule: `lets nobody write ${JSON.stringify(value)} into an answer`,
      options: { authorize: saying({ type: "accept", data: 1, fields: ["x-value", value] }) },
      status: 500,
      fields: { "x-evil": undefined, "x-value": undefined },
      isTold: true,
    },
    {
      rule: `lets nobody write ${JSON.stringify(value)} into a refusal`,
      options: { authorize: saying({ type: "reject", status: 403, fields: ["x-value", value] }) },
      status: 500,
      fields: { "x-evil": undefined, "x-value": undefined },
      isTold: true,
    },
  ]),
  ...[101, 200, 299, 600, 403.5].map((status): RuleCase => {
    const authorize = saying({ type: "reject", status });
    return { rule: `takes ${status} for no refusal`, options: { authorize }, status: 500, isTold: true };
  }),
];

const Malformed: RuleCase[] = [
  { rule: "refuses a doubled subprotocol", options: {}, wish: offering("a", "a"), status: 400 },
  {
    rule: "refuses an extension that breaks its grammar",
    options: {},
    wish: { fields: [["Sec-WebSocket-Extensions", "a=;"]] },
    status: 400,
  },
  {
    rule: "refuses fields beyond their size",
    options: { headers: { maxHeaderBytes: 1_024 } },
    wish: { fields: [["X-Long", "a".repeat(1_024)]] },
    status: 431,
  },
  {
    rule: "refuses fields beyond their count",
    options: { headers: { maxHeaderCount: 20 } },
    wish: { fields: Array.from({ length: 20 }, (_, i) => [`X-${i}`, "a"] as const) },
    status: 431,
  },
];

describe.each(ServerWays)("over $way a server", (way) => {
  const cases = [...Origins, ...Hosts, ...Subprotocols, ...Extensions, ...Authorizations, ...Malformed];

  test.each(cases)("$rule", async ({ options, wish, status, fields = {}, body, isTold = false }) => {
    const { client: connect, errors } = await serverFor(way, { handler, ...options });
    const client = await connect();
    client.ask(wish);
    const answer = await client.response();
    expect(answer.status).toBe(status === Accepted && way.httpVersion === "2" ? 200 : status);
    for (const [name, value] of Object.entries(fields)) expect(valueOf(answer, name)).toBe(value);
    expect(answer).toMatchObject(body === undefined ? {} : { body });
    // Of fields that are too large nobody knows whether they belong to a HEAD.
    expect(status === 431 || (answer.body === "") === (status === Accepted)).toBe(true);
    expect(errors).toHaveLength(isTold ? 1 : 0);
    expect(JSON.stringify(answer)).not.toContain("secret");
  });
});

function valueOf({ fields }: ClientResponse, name: string): string | undefined {
  return fields.find(([found]) => found === name)?.[1];
}
