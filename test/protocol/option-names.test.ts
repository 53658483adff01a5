import { expect, test } from "vitest";
import { checkOptionNames } from "../../src/protocol/option-names.ts";

const Many = ["maxMessageBytes", "maxFrameBytes", "closeMs", "idleMs", "pongMs", "handler", "origins", "hosts", "tls"];
const place = { of: "connect()", elsewhere: { port: "it is one of listen()" } };

test.each([
  { name: "maxMesageBytes", says: "did you mean maxMessageBytes?" },
  { name: "MAXMESSAGEBYTES", says: "did you mean maxMessageBytes?" },
  { name: "orig", says: "did you mean origins?" },
  { name: "handlers", says: "did you mean handler?" },
  { name: "tlsOptions", says: "did you mean tls?" },
  { name: "port", says: "it is one of listen()" },
  { name: "toString", says: "none has a name like it" },
])("of many, $name: $says", ({ name, says }) => {
  const act = () => checkOptionNames({ idleMs: 1, [name]: 1 }, Many, place);
  expect(act).toThrow(new TypeError(`${name} is no option of connect(): ${says}`));
});

test("of few all are listed, and what they are nested in is named", () => {
  const act = () => checkOptionNames({ size: 1 }, ["perSecond", "burst"], { of: "a server", owner: "openingRate." });
  expect(act).toThrow(new TypeError("openingRate.size is no option of a server: there are perSecond, burst"));
  const near = () => checkOptionNames({ bursts: 1 }, ["perSecond", "burst"], { of: "a server", owner: "openingRate." });
  expect(near).toThrow(new TypeError("openingRate.bursts is no option of a server: did you mean openingRate.burst?"));
});

test("one that is undefined counts as not given", () => {
  expect(() => checkOptionNames({ size: undefined }, ["burst"], place)).not.toThrow();
});
