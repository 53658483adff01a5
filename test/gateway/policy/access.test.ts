import { describe, expect, test } from "vitest";
import type { ClientRules, OriginRule, RouteConfig } from "../../../src/gateway/config/config.ts";
import { AccessPolicy } from "../../../src/gateway/policy/access.ts";
import { connectionFacts } from "../../support/connection-facts.ts";

const Everybody: ClientRules = { allow: [], deny: [] };

interface Case {
  readonly hosts?: readonly string[];
  readonly clients?: Partial<ClientRules>;
  /** `undefined`: no route matches. */
  readonly route?: { readonly clients?: Partial<ClientRules>; readonly origins?: OriginRule } | undefined;
  readonly kind?: "opening" | "request";
  readonly authority?: string;
  readonly fields?: readonly string[];
  readonly address?: string;
  /** The host the TLS handshake reaches; `undefined` for cleartext. */
  readonly reaches?: string | undefined;
}

/** The rule that is broken, and the status of the answer. */
function judged(asked: Case): string {
  const policy = new AccessPolicy({ hosts: asked.hosts ?? [], clients: { ...Everybody, ...asked.clients } });
  const { reaches, route } = asked;
  const connection = connectionFacts({
    remoteAddress: asked.address ?? "192.0.2.1",
    tls:
      reaches === undefined
        ? undefined
        : { serverName: reaches, clientCertificate: undefined, reaches: (host: string) => host === reaches },
  });
  const request = {
    kind: asked.kind ?? "opening",
    authority: asked.authority ?? "chat.example.com",
    scheme: "https" as const,
    fields: asked.fields ?? [],
  };
  const refusal = policy.judge(request, connection, route === undefined ? undefined : routeOf(route));
  return refusal === undefined ? "passes" : `${refusal.rule} ${refusal.rejection.status}`;
}

function routeOf({ clients = {}, origins = { type: "same" } }: NonNullable<Case["route"]>): RouteConfig {
  return {
    name: "chat",
    host: undefined,
    match: "prefix",
    path: "",
    target: { type: "handler", handler: "echo", compress: false },
    origins,
    clients: { ...Everybody, ...clients },
    maxStreams: undefined,
    streams: {
      maxMessageBytes: undefined,
      maxFrameBytes: undefined,
      maxFragments: undefined,
      maxBufferedBytes: 65_536,
      idleMs: undefined,
      maxAgeMs: undefined,
      maxAgeJitter: 0,
    },
  };
}

const Evil = ["origin", "https://evil.example"];

describe("client addresses", () => {
  test.each<Case & { readonly is: string }>([
    { is: "passes" },
    { clients: { deny: ["192.0.2.0/24"] }, is: "client 403" },
    { clients: { deny: ["192.0.2.0/24"] }, address: "::ffff:192.0.2.9", is: "client 403" },
    { clients: { deny: ["192.0.2.0/24"] }, address: "198.51.100.1", is: "passes" },
    { clients: { allow: ["192.0.2.0/24"] }, is: "passes" },
    { clients: { allow: ["198.51.100.0/24", "2001:db8::/32"] }, is: "client 403" },
    { clients: { allow: ["2001:db8::/32"] }, address: "2001:db8::1", is: "passes" },
    { clients: { allow: ["192.0.2.0/24"], deny: ["192.0.2.1"] }, is: "client 403" },
    { clients: { allow: ["192.0.2.0/24"] }, address: "", is: "client 403" },
    { route: { clients: { deny: ["192.0.2.1"] } }, is: "client 403" },
    { route: { clients: { allow: ["198.51.100.1"] } }, is: "client 403" },
    { clients: { allow: ["198.51.100.1"] }, route: { clients: { allow: ["192.0.2.1"] } }, is: "client 403" },
    { route: { clients: { deny: ["192.0.2.1"] } }, kind: "request", is: "client 403" },
  ])("all $clients, route $route, $address: $is", ({ is, ...asked }) => expect(judged(asked)).toBe(is));
});

describe("hosts", () => {
  test.each<Case & { readonly is: string }>([
    { hosts: ["chat.example.com"], is: "passes" },
    { hosts: ["chat.example.com"], authority: "CHAT.example.com.:8443", is: "passes" },
    { hosts: ["*.example.com"], is: "passes" },
    { hosts: ["*.example.com"], authority: "example.com", is: "host 421" },
    { hosts: ["*.example.com"], authority: "a.b.example.com", is: "host 421" },
    { hosts: ["example.com"], is: "host 421" },
    { hosts: ["example.com"], authority: "[2001:db8::1]:8443", is: "host 421" },
    { hosts: ["2001:db8::1"], authority: "[2001:DB8::1]:8443", is: "passes" },
    { hosts: ["example.com"], authority: "not an authority", is: "host 421" },
    { hosts: ["example.com"], kind: "request", is: "host 421" },
    { reaches: "chat.example.com", is: "passes" },
    { reaches: "chat.example.com", authority: "CHAT.Example.com.:443", is: "passes" },
    { reaches: "admin.example.com", is: "misdirected 421" },
    { reaches: "admin.example.com", kind: "request", is: "misdirected 421" },
  ])("of $hosts, TLS for $reaches, $authority: $is", ({ is, ...asked }) => {
    expect(judged(asked)).toBe(is);
    expect(judged({ ...asked, route: {} })).toBe(is);
  });
});

describe("origins", () => {
  test.each<Case & { readonly origins?: OriginRule; readonly is: string }>([
    { fields: [], is: "passes" },
    { fields: ["origin", "https://chat.example.com"], is: "passes" },
    { fields: Evil, is: "origin 403" },
    { fields: ["origin", "null"], is: "origin 403" },
    { fields: Evil, kind: "request", is: "passes" },
    { fields: Evil, origins: { type: "any" }, is: "passes" },
    { fields: Evil, origins: { type: "list", origins: ["https://evil.example"] }, is: "passes" },
    { fields: Evil, origins: { type: "list", origins: ["https://*.evil.example"] }, is: "origin 403" },
  ])("$fields as $kind under $origins: $is", ({ is, origins = { type: "same" }, ...asked }) => {
    expect(judged({ ...asked, route: { origins } })).toBe(is);
  });

  test("are nobody's affair where no route matches", () => expect(judged({ fields: Evil })).toBe("passes"));
});

test("the first rule broken is the one told: client, host, handshake, the route's clients, origin", () => {
  const all: Case = {
    clients: { deny: ["192.0.2.1"] },
    hosts: ["example.com"],
    reaches: "example.com",
    route: { clients: { deny: ["192.0.2.1"] } },
    fields: Evil,
  };
  expect(judged(all)).toBe("client 403");
  expect(judged({ ...all, clients: {} })).toBe("host 421");
  expect(judged({ ...all, clients: {}, hosts: [] })).toBe("misdirected 421");
  expect(judged({ ...all, clients: {}, hosts: [], reaches: undefined })).toBe("client 403");
  expect(judged({ hosts: [], route: {}, fields: Evil })).toBe("origin 403");
});

test("each route has its own rules", () => {
  const policy = new AccessPolicy({ hosts: [], clients: Everybody });
  const connection = connectionFacts();
  const asked = { kind: "opening", authority: "example.com", scheme: "http", fields: Evil } as const;
  const [open, closed] = [routeOf({ origins: { type: "any" } }), routeOf({})];
  const rules = [open, closed, open, closed].map((route) => policy.judge(asked, connection, route)?.rule);
  expect(rules).toEqual([undefined, "origin", undefined, "origin"]);
});
