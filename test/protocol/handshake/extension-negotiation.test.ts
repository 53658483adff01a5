import { describe, expect, test } from "vitest";
import {
  acceptExtensions,
  confirmExtensions,
  offerExtensions,
} from "../../../src/protocol/handshake/extension-negotiation.ts";
import type { Extension, ExtensionNegotiator, ExtensionParameters } from "../../../src/protocol/message/extension.ts";
import { PermessageDeflateNegotiator } from "../../../src/protocol/message/permessage-deflate-negotiator.ts";
import { outcomeOf } from "../../support/outcome.ts";

/** An extension that changes nothing, whose server takes offers with `a` and whose client takes answers with `a`. */
function plain(name: string, options: { rsv?: number; required?: boolean } = {}): ExtensionNegotiator {
  const extension: Extension = {
    name,
    rsv: options.rsv ?? 0,
    encode: (message) => message,
    decode: (message) => message,
  };
  const hasA = (parameters: ExtensionParameters) => parameters.some(([key]) => key === "a");
  return {
    name,
    required: options.required,
    offers: () => [
      [
        ["a", undefined],
        ["n", "1"],
      ],
      [["a", undefined]],
    ],
    accept: (offers) => {
      const parameters = offers.find(hasA);
      return parameters && { parameters, extension };
    },
    confirm: (answer) => (hasA(answer) ? extension : undefined),
  };
}

const namesOf = (extensions: readonly Extension[]): string[] => extensions.map(({ name }) => name);

describe("a server answers", () => {
  const foo = plain("foo", { rsv: 0b100 });
  const bar = plain("bar", { rsv: 0b100 });
  const baz = plain("baz", { rsv: 0b010 });

  test.each([
    { name: "nothing to nothing", offered: "", has: [foo], value: undefined },
    { name: "nothing where it has nothing", offered: "foo; a", has: [], value: undefined },
    { name: "nothing to what it does not know", offered: "qux; a, FOO; a", has: [foo], value: undefined },
    { name: "what it accepts, with its parameters", offered: "foo; a; n=2", has: [foo], value: "foo; a; n=2" },
    {
      name: "the first offer that it accepts",
      offered: "foo, foo; x, foo; a; n=3, foo; a",
      has: [foo],
      value: "foo; a; n=3",
    },
    { name: "in its own order", offered: "foo; a, baz; a", has: [baz, foo], value: "baz; a, foo; a" },
    {
      name: "one owner of an RSV bit only",
      offered: "bar; a, foo; a, baz; a",
      has: [foo, bar, baz],
      value: "foo; a, baz; a",
    },
    { name: "the next owner where the first declines", offered: "bar; a, foo", has: [foo, bar], value: "bar; a" },
    { name: "to a value in quotes as to a token", offered: 'foo; a; n="2"', has: [foo], value: "foo; a; n=2" },
  ])("$name", ({ offered, has, value }) => {
    const agreed = acceptExtensions(offered, has);
    expect(agreed.value).toBe(value);
    expect(namesOf(agreed.extensions)).toEqual((value ?? "").split(", ").flatMap((one) => one.split(";")[0] || []));
  });
});

describe("a client", () => {
  test("offers each of its sets, best first", () => {
    expect(offerExtensions([plain("foo"), plain("bar")])).toBe("foo; a; n=1, foo; a, bar; a; n=1, bar; a");
    expect(offerExtensions([])).toBe("");
  });

  test.each([
    { answered: undefined, names: [] },
    { answered: "", names: [] },
    { answered: "bar; a", names: ["bar"] },
    { answered: "bar; a, foo; a", names: ["bar", "foo"] },
  ])("takes $answered, in the server's order", ({ answered, names }) => {
    expect(namesOf(confirmExtensions(answered, [plain("foo"), plain("bar")]))).toEqual(names);
  });

  test.each([
    { name: "what nobody offered", answered: "qux", code: "WS_EXTENSION_NOT_OFFERED" },
    { name: "a name in another case", answered: "Foo; a", code: "WS_EXTENSION_NOT_OFFERED" },
    { name: "what comes twice", answered: "foo; a, foo; a", code: "WS_EXTENSION_NOT_OFFERED" },
    { name: "parameters that fit no offer", answered: "foo; b", code: "WS_EXTENSION_UNACCEPTABLE" },
    { name: "two owners of a bit", answered: "foo; a, bar; a", code: "WS_EXTENSION_UNACCEPTABLE" },
    { name: "broken grammar", answered: "foo; a=", code: "WS_EXTENSION_UNACCEPTABLE" },
    { name: "a value in quotes that is no token", answered: 'foo; a="b c"', code: "WS_EXTENSION_UNACCEPTABLE" },
  ])("fails with 1010 on $name", ({ answered, code }) => {
    const has = [plain("foo", { rsv: 0b100 }), plain("bar", { rsv: 0b100 })];
    expect(() => confirmExtensions(answered, has)).toThrow(
      expect.objectContaining({ code, closeCode: 1010, origin: "peer" }),
    );
  });

  test.each([
    { answered: "", has: [plain("foo")], missing: false },
    { answered: "", has: [plain("foo", { required: true })], missing: true },
    { answered: "bar; a", has: [plain("foo", { required: true }), plain("bar")], missing: true },
    { answered: "foo; a", has: [plain("foo", { required: true }), plain("bar")], missing: false },
  ])("$answered: what it cannot do without is missing: $missing", ({ answered, has, missing }) => {
    const outcome = outcomeOf(() => namesOf(confirmExtensions(answered, has)).length);
    expect(outcome).toBe(missing ? "WS_EXTENSION_MISSING" : answered === "" ? 0 : 1);
  });
});

test("both sides of permessage-deflate agree, and nobody confirms what a server may not answer", () => {
  const has = [new PermessageDeflateNegotiator({ serverMaxWindowBits: 10, clientMaxWindowBits: 9 })];
  const offered = offerExtensions(has);
  expect(offered).toBe("permessage-deflate; server_max_window_bits=10; client_max_window_bits=9");
  const { value } = acceptExtensions(offered, [new PermessageDeflateNegotiator({ serverNoContextTakeover: true })]);
  expect(value).toBe(
    "permessage-deflate; server_no_context_takeover; server_max_window_bits=10; client_max_window_bits=9",
  );
  expect(namesOf(confirmExtensions(value, has))).toEqual(["permessage-deflate"]);
  expect(() => confirmExtensions("permessage-deflate; server_max_window_bits=11", has)).toThrow(/1010|EXTENSION/);
});
