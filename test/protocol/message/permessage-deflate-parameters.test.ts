import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ExtensionParameters } from "../../../src/protocol/message/extension.ts";
import {
  deflateParameterList,
  type DeflateParameters,
  isAnswerTo,
  tryDeflateParameters,
} from "../../../src/protocol/message/permessage-deflate-parameters.ts";

const Nothing: DeflateParameters = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: undefined,
  clientMaxWindowBits: undefined,
};

/** `a; b=1` as what was read of it. */
function list(text: string): ExtensionParameters {
  const parts = text === "" ? [] : text.split("; ");
  return parts.map((part) => {
    const [name = "", value] = part.split("=");
    return [name, value];
  });
}

describe("parameters", () => {
  test.each([
    { text: "", terms: {} },
    { text: "server_no_context_takeover", terms: { serverNoContextTakeover: true } },
    { text: "client_no_context_takeover", terms: { clientNoContextTakeover: true } },
    { text: "server_max_window_bits=8", terms: { serverMaxWindowBits: 8 } },
    { text: "server_max_window_bits=15", terms: { serverMaxWindowBits: 15 } },
    { text: "client_max_window_bits=9", terms: { clientMaxWindowBits: 9 } },
    {
      text: "client_max_window_bits=10; server_max_window_bits=11; client_no_context_takeover; server_no_context_takeover",
      terms: {
        serverNoContextTakeover: true,
        clientNoContextTakeover: true,
        serverMaxWindowBits: 11,
        clientMaxWindowBits: 10,
      },
    },
  ])("are read from either side: $text", ({ text, terms }) => {
    for (const sender of ["client", "server"] as const) {
      expect(tryDeflateParameters(list(text), sender)).toEqual({ ...Nothing, ...terms });
    }
  });

  test("client_max_window_bits without a value says in an offer that the client can be told, and nothing in an answer", () => {
    const parameters = list("client_max_window_bits");
    expect(tryDeflateParameters(parameters, "client")).toEqual({ ...Nothing, clientMaxWindowBits: true });
    expect(tryDeflateParameters(parameters, "server")).toBeUndefined();
  });

  test.each([
    "unknown",
    "unknown=1",
    "Server_no_context_takeover",
    "server_no_context_takeover=1",
    "server_no_context_takeover=",
    "client_no_context_takeover=true",
    "server_max_window_bits",
    "server_max_window_bits=",
    "server_max_window_bits=7",
    "server_max_window_bits=16",
    "server_max_window_bits=08",
    "server_max_window_bits=+9",
    "server_max_window_bits=10x",
    "server_max_window_bits=1e1",
    "server_max_window_bits=0x0a",
    "server_max_window_bits=10.0",
    "server_max_window_bits= 10",
    "server_max_window_bits=10\n",
    "client_max_window_bits=",
    "client_max_window_bits=7",
    "client_max_window_bits=16",
    "client_max_window_bits=100",
    "client_max_window_bits=-8",
    "server_no_context_takeover; server_no_context_takeover",
    "server_max_window_bits=10; server_max_window_bits=10",
    "client_max_window_bits; client_max_window_bits=10",
    "client_no_context_takeover; permessage-deflate",
  ])("are refused whole: %j", (text) => {
    expect(tryDeflateParameters(list(text), "client")).toBeUndefined();
    expect(tryDeflateParameters(list(text), "server")).toBeUndefined();
  });

  test("are written as they are read", () => {
    const bits = fc.option(fc.integer({ min: 8, max: 15 }), { nil: undefined });
    const terms = fc.record({
      serverNoContextTakeover: fc.boolean(),
      clientNoContextTakeover: fc.boolean(),
      serverMaxWindowBits: bits,
      clientMaxWindowBits: fc.oneof(bits, fc.constant<true>(true)),
    });
    fc.assert(
      fc.property(terms, (some) => {
        expect(tryDeflateParameters(deflateParameterList(some), "client")).toEqual(some);
      }),
    );
  });
});

describe("an answer", () => {
  test.each([
    // What a server may add without being asked (RFC 7692 §7.1.1.1, 7.1.1.2, 7.1.2.1).
    { offer: "", answer: "", may: true },
    { offer: "", answer: "server_no_context_takeover", may: true },
    { offer: "", answer: "client_no_context_takeover", may: true },
    { offer: "", answer: "server_max_window_bits=9", may: true },
    // What it may say only if asked (§7.1.2.2).
    { offer: "", answer: "client_max_window_bits=9", may: false },
    { offer: "client_max_window_bits", answer: "client_max_window_bits=9", may: true },
    { offer: "client_max_window_bits=10", answer: "client_max_window_bits=8", may: true },
    { offer: "client_max_window_bits=10", answer: "", may: true },
    { offer: "client_max_window_bits=10", answer: "client_max_window_bits=12", may: true },
    // What it must say if asked.
    { offer: "server_no_context_takeover", answer: "", may: false },
    { offer: "server_no_context_takeover", answer: "server_no_context_takeover", may: true },
    { offer: "client_no_context_takeover", answer: "", may: true },
    { offer: "server_max_window_bits=10", answer: "", may: false },
    { offer: "server_max_window_bits=10", answer: "server_max_window_bits=11", may: false },
    { offer: "server_max_window_bits=10", answer: "server_max_window_bits=10", may: true },
    { offer: "server_max_window_bits=10", answer: "server_max_window_bits=8", may: true },
  ])("$answer to $offer: $may", ({ offer, answer, may }) => {
    const offered = tryDeflateParameters(list(offer), "client");
    const answered = tryDeflateParameters(list(answer), "server");
    expect(offered && answered && isAnswerTo(offered, answered)).toBe(may);
  });
});
