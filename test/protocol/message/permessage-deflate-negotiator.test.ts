import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { binaryFrame, textFrame } from "../../../src/protocol/frame/frame.ts";
import { tryParameterizedTokens } from "../../../src/protocol/handshake/field-values.ts";
import type { Extension, ExtensionParameters } from "../../../src/protocol/message/extension.ts";
import { PermessageDeflate } from "../../../src/protocol/message/permessage-deflate.ts";
import {
  PermessageDeflateNegotiator,
  type PermessageDeflateOptions,
} from "../../../src/protocol/message/permessage-deflate-negotiator.ts";
import { longestDistance } from "../../support/deflate-distances.ts";
import { outcomeOf } from "../../support/outcome.ts";

/** The parameters of each `x; a; b=1` in a list. */
const offersOf = (text: string): ExtensionParameters[] =>
  tryParameterizedTokens(text)?.map(({ parameters }) => parameters) ?? [];

const written = (parameters: ExtensionParameters): string =>
  parameters.map(([name, value]) => (value === undefined ? name : `${name}=${value}`)).join("; ");

/** The server's answer to `offers`: `none`, or its parameters. */
function answerTo(offers: string, options: PermessageDeflateOptions = {}): string {
  const accepted = new PermessageDeflateNegotiator(options).accept(offersOf(offers));
  return accepted ? written(accepted.parameters) : "none";
}

describe("a server", () => {
  test.each([
    { offers: "x", answer: "" },
    { offers: "x; client_max_window_bits", answer: "" },
    { offers: "x; client_max_window_bits=15", answer: "" },
    { offers: "x; client_max_window_bits=10", answer: "client_max_window_bits=10" },
    { offers: "x; server_no_context_takeover", answer: "server_no_context_takeover" },
    { offers: "x; client_no_context_takeover", answer: "client_no_context_takeover" },
    { offers: "x; server_max_window_bits=15", answer: "server_max_window_bits=13" },
    { offers: "x; server_max_window_bits=8", answer: "server_max_window_bits=8" },
    { offers: 'x; server_max_window_bits="10"', answer: "server_max_window_bits=10" },
  ])("takes $offers and answers $answer", ({ offers, answer }) => {
    expect(answerTo(offers)).toBe(answer);
  });

  test.each([
    { offers: "" },
    { offers: "x; unknown" },
    { offers: "x; server_max_window_bits" },
    { offers: "x; server_max_window_bits=16" },
    { offers: "x; server_no_context_takeover; server_no_context_takeover" },
  ])("declines $offers", ({ offers }) => {
    expect(answerTo(offers)).toBe("none");
  });

  test("takes the first offer that it can", () => {
    const offers = "x; unknown, x; server_max_window_bits=7, x; server_max_window_bits=9, x";
    expect(answerTo(offers)).toBe("server_max_window_bits=9");
  });

  test.each<{ name: string; options: PermessageDeflateOptions; offers: string; answer: string }>([
    {
      name: "no takeover",
      options: { serverNoContextTakeover: true, clientNoContextTakeover: true },
      offers: "x",
      answer: "server_no_context_takeover; client_no_context_takeover",
    },
    {
      name: "a smaller window",
      options: { serverMaxWindowBits: 10 },
      offers: "x",
      answer: "server_max_window_bits=10",
    },
    { name: "a large window", options: { serverMaxWindowBits: 15 }, offers: "x", answer: "server_max_window_bits=15" },
    {
      name: "the client's wish below its own",
      options: { serverMaxWindowBits: 12 },
      offers: "x; server_max_window_bits=9",
      answer: "server_max_window_bits=9",
    },
    { name: "nothing of who cannot be asked", options: { clientMaxWindowBits: 9 }, offers: "x", answer: "" },
    {
      name: "a smaller window of who can be asked",
      options: { clientMaxWindowBits: 9 },
      offers: "x; client_max_window_bits",
      answer: "client_max_window_bits=9",
    },
    {
      name: "the smaller of two",
      options: { clientMaxWindowBits: 12 },
      offers: "x; client_max_window_bits=10",
      answer: "client_max_window_bits=10",
    },
  ])("insists on $name", ({ options, offers, answer }) => {
    expect(answerTo(offers, options)).toBe(answer);
  });
});

describe("a client", () => {
  test.each<{ options: PermessageDeflateOptions; offer: string }>([
    { options: {}, offer: "client_max_window_bits" },
    { options: { clientMaxWindowBits: 9 }, offer: "client_max_window_bits=9" },
    {
      options: { serverNoContextTakeover: true, clientNoContextTakeover: true, serverMaxWindowBits: 10 },
      offer:
        "server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10; client_max_window_bits",
    },
  ])("offers $offer", ({ options, offer }) => {
    expect(new PermessageDeflateNegotiator(options).offers().map(written)).toEqual([offer]);
  });

  test.each<{ options: PermessageDeflateOptions; answer: string; fits: boolean }>([
    { options: {}, answer: "x", fits: true },
    { options: {}, answer: "x; server_max_window_bits=8; client_max_window_bits=8", fits: true },
    { options: {}, answer: "x; client_max_window_bits", fits: false },
    { options: {}, answer: "x; client_max_window_bits=7", fits: false },
    { options: {}, answer: "x; unknown", fits: false },
    { options: { serverMaxWindowBits: 10 }, answer: "x", fits: false },
    { options: { serverMaxWindowBits: 10 }, answer: "x; server_max_window_bits=11", fits: false },
    { options: { serverNoContextTakeover: true }, answer: "x", fits: false },
  ])("with $options finds that $answer fits: $fits", ({ options, answer, fits }) => {
    const extension = new PermessageDeflateNegotiator(options).confirm(offersOf(answer)[0]!);
    expect(extension !== undefined).toBe(fits);
  });
});

test.each<{ options: PermessageDeflateOptions }>([
  { options: { serverMaxWindowBits: 7 } },
  { options: { clientMaxWindowBits: 16 } },
  { options: { serverMaxWindowBits: 9.5 } },
  { options: { level: 0 } },
  { options: { level: 10 } },
  { options: { thresholdBytes: -1 } },
  { options: { maxInflateRatio: 0 } },
  { options: { maxInflateRatio: Number.NaN } },
])("$options is out of range", ({ options }) => {
  expect(() => new PermessageDeflateNegotiator(options)).toThrow(RangeError);
});

describe("what was agreed on is kept", () => {
  const noise = randomBytes(20_000);

  const words = Array.from({ length: 15_000 }, (_, index) => `${(index * index) % 977} ${index % 13} words;`).join(" ");

  /** How far back `extension` refers in what it sends: less than 150 bytes where each message stands alone. */
  function reachOf(extension: Extension | undefined): number {
    let longest = 0;
    for (let at = 0; at < words.length; at += 150) {
      const sent = extension?.encode(textFrame(words.slice(at, at + 150)), {});
      if (sent && sent.rsv !== 0) longest = Math.max(longest, longestDistance(sent.payload));
    }
    return longest;
  }

  /** Whether `extension` follows a peer that refers back `distance` bytes into the message before. */
  function follows(extension: Extension, distance: number): boolean {
    const Full = { windowBits: 15, contextTakeover: true };
    const peer = new PermessageDeflate({ outgoing: Full, incoming: Full });
    const before = Buffer.concat([noise.subarray(0, 200), Buffer.alloc(300), noise.subarray(200, distance - 300)]);
    const messages = [before, noise.subarray(0, 200)].map((bytes) => peer.encode(binaryFrame(bytes), {}));
    expect(messages.map(({ rsv }) => rsv)).toEqual([0b100, 0b100]);
    return outcomeOf(() => messages.map((message) => extension.decode(message, undefined)).length) === 2;
  }

  const bothEnds = (options: PermessageDeflateOptions, offer: string, answer: string) => ({
    server: new PermessageDeflateNegotiator(options).accept(offersOf(offer))?.extension,
    client: new PermessageDeflateNegotiator(options).confirm(offersOf(answer)[0]!),
  });

  test.each<{ options: PermessageDeflateOptions; role: "server" | "client"; said: string; bits: number }>([
    { options: {}, role: "server", said: "x", bits: 13 },
    { options: {}, role: "client", said: "x", bits: 13 },
    { options: { serverMaxWindowBits: 15 }, role: "server", said: "x", bits: 15 },
    { options: { serverMaxWindowBits: 10 }, role: "server", said: "x", bits: 10 },
    { options: {}, role: "server", said: "x; server_max_window_bits=9", bits: 9 },
    { options: { clientMaxWindowBits: 15 }, role: "client", said: "x", bits: 15 },
    { options: { clientMaxWindowBits: 10 }, role: "client", said: "x", bits: 10 },
    { options: { clientMaxWindowBits: 10 }, role: "client", said: "x; client_max_window_bits=12", bits: 10 },
    { options: {}, role: "client", said: "x; client_max_window_bits=9", bits: 9 },
  ])("by a $role in what it sends: $options and $said, 2^$bits back", ({ options, role, said, bits }) => {
    const reach = reachOf(bothEnds(options, said, said)[role]);
    expect(reach).toBeLessThanOrEqual(2 ** bits);
    expect(reach).toBeGreaterThan(Math.max(150, 2 ** bits / 4));
  });

  test.each<{ options: PermessageDeflateOptions; role: "server" | "client"; said: string }>([
    { options: { serverNoContextTakeover: true }, role: "server", said: "x" },
    { options: { clientNoContextTakeover: true }, role: "client", said: "x" },
    { options: {}, role: "server", said: "x; server_no_context_takeover" },
    { options: {}, role: "client", said: "x; client_no_context_takeover" },
  ])("by a $role whose messages stand alone: $options and $said", ({ options, role, said }) => {
    const reach = reachOf(bothEnds(options, said, said)[role]);
    expect(reach).toBeLessThan(150);
    expect(reach).toBeGreaterThan(0);
  });

  test.each([
    { offer: "x", distance: 20_000, followed: true },
    { offer: "x; client_max_window_bits=10", distance: 1_000, followed: true },
    { offer: "x; client_max_window_bits=10", distance: 1_100, followed: false },
    { offer: "x; client_no_context_takeover", distance: 600, followed: false },
  ])("by a server in what it reads: $offer, $distance back: $followed", ({ offer, distance, followed }) => {
    const { server } = bothEnds({}, offer, "x");
    expect(follows(server!, distance)).toBe(followed);
  });

  test.each([
    { answer: "x", distance: 20_000, followed: true },
    { answer: "x; server_max_window_bits=10", distance: 1_000, followed: true },
    { answer: "x; server_max_window_bits=10", distance: 1_100, followed: false },
    { answer: "x; server_no_context_takeover", distance: 600, followed: false },
  ])("by a client in what it reads: $answer, $distance back: $followed", ({ answer, distance, followed }) => {
    const { client } = bothEnds({}, "x", answer);
    expect(follows(client!, distance)).toBe(followed);
  });
});

test("each WebSocket gets an extension of its own", () => {
  const negotiator = new PermessageDeflateNegotiator();
  const [first, second] = [negotiator.accept([[]]), negotiator.accept([[]])];
  const message = textFrame("said on one of them only ".repeat(20));
  const once = first?.extension.encode(message, {}).payload.length;
  const again = first?.extension.encode(message, {}).payload.length;
  expect(second?.extension.encode(message, {}).payload.length).toBe(once);
  expect(again).toBeLessThan(once ?? 0);
});

test("an option that is none is refused, and the nearest named", () => {
  const given: object = { tresholdBytes: 1, level: undefined };
  const says = "tresholdBytes is no option of new PermessageDeflateNegotiator(): did you mean thresholdBytes?";
  expect(() => new PermessageDeflateNegotiator(given)).toThrow(new TypeError(says));
});
