import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { FaultTable, type FaultRow } from "./fault-table.ts";
import { ParityTable, type ParityRow } from "./parity-table.ts";
import { testTitles } from "./test-titles.ts";

const Root = join(import.meta.dirname, "../..");

/** How many tests each class of the reference has. */
const Counts = {
  TWebSocketFrameCodecTest: 17,
  TWebSocketEnumsTest: 4,
  TWebSocketHandshakeTest: 9,
  TWebSocketNegotiationTest: 33,
  TWebSocketConnectionTest: 17,
  TWebSocketProtocolValidationTest: 21,
  TWebSocketExtensionTest: 8,
  TPermessageDeflateTest: 29,
  TWebSocketServerTest: 17,
  TWebSocketEndpointTest: 6,
  THttp2WebSocketProtocolTest: 6,
  TWebSocketServiceTest: 4,
};

/** What of `row` is not in the suite, or `undefined`. */
function tryFault({ file, title, row }: FaultRow | ParityRow): string | undefined {
  if (!existsSync(join(Root, file))) return `no file ${file}`;
  const source = readFileSync(join(Root, file), "utf8");
  if (!testTitles(source).has(title)) return `no test "${title}" in ${file}`;
  return row === undefined || source.includes(row) ? undefined : `no row "${row}" in ${file}`;
}

describe("the tests of the reference", () => {
  test("are each in the table once, as many of each class as it has", () => {
    const references = ParityTable.map(({ reference }) => reference);
    expect(references.filter((one, at) => references.indexOf(one) !== at)).toEqual([]);
    const counts: Record<string, number> = {};
    for (const reference of references) {
      const [name = ""] = reference.split(".");
      counts[name] = (counts[name] ?? 0) + 1;
    }
    expect(counts).toEqual(Counts);
  });

  test("have counterparts that are there", () => {
    expect(ParityTable.flatMap((row) => tryFault(row) ?? [])).toEqual([]);
  });
});

describe("the faults of the reference", () => {
  test("are each in the table once, but for those of its cluster", () => {
    const faults = FaultTable.map(({ fault }) => fault);
    const all = Array.from({ length: 67 }, (_, index) => index + 1);
    expect(faults.toSorted((a, b) => a - b)).toEqual(all.filter((fault) => fault < 58 || fault > 64));
  });

  test("have tests that show there are none here", () => {
    expect(FaultTable.flatMap((row) => tryFault(row) ?? [])).toEqual([]);
  });
});

describe("titles are read from a file's text", () => {
  const source = `
    test("plain", () => {});
    test.each([{ a: 1 }])("a table of $a", ({ a }) => {});
    test.each<{ a: number }>([
      { a: 1 },
    ])(
      "over lines",
      () => {},
    );
    it(\`with a \${template}\`, () => {});
    test("with \\"quotes\\"", () => {});
    describe("no test", () => {});
    expect(value).toBe("nor this");
  `;

  test("each of them, and nothing else", () => {
    expect([...testTitles(source)]).toEqual([
      "plain",
      "a table of $a",
      "over lines",
      "with a ${template}",
      'with "quotes"',
    ]);
  });
});
