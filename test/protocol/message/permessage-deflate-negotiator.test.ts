import { describe, expect, test } from "vitest";
import { textFrame } from "../../../src/protocol/frame/frame.ts";
import { tryParameterizedTokens } from "../../../src/protocol/handshake/field-values.ts";
import type { ExtensionParameters } from "../../../src/protocol/message/extension.ts";
import {
  PermessageDeflateNegotiator,
  type PermessageDeflateOptions,
} from "../../../src/protocol/message/permessage-deflate-negotiator.ts";

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

test("each WebSocket gets an extension of its own", () => {
  const negotiator = new PermessageDeflateNegotiator();
  const [first, second] = [negotiator.accept([[]]), negotiator.accept([[]])];
  const message = textFrame("said on one of them only ".repeat(20));
  const once = first?.extension.encode(message, {}).payload.length;
  const again = first?.extension.encode(message, {}).payload.length;
  expect(second?.extension.encode(message, {}).payload.length).toBe(once);
  expect(again).toBeLessThan(once ?? 0);
});
