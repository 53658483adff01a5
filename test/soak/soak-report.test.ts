import { expect, test } from "vitest";
import { soakFaults, soakPage, type SoakMark, type SoakResult } from "./soak-report.ts";

const MiB = 1_048_576;
const Mark: SoakMark = {
  heapBytes: 20 * MiB,
  bufferBytes: MiB,
  residentBytes: 100 * MiB,
  descriptors: 26,
  resources: ["TCPServerWrap", "Timeout"],
  warnings: [],
  streams: 0,
  held: 0,
};

function result(end: Partial<SoakMark>, failures: readonly [string, number][] = []): SoakResult {
  const marks = [Mark, { ...Mark, streams: 50 }, { ...Mark, streams: 100, ...end }] as const;
  return { engine: "hawser", seconds: 10, pages: 1, marks, failures: new Map(failures) };
}

test.each<{ name: string; end: Partial<SoakMark>; fault: string }>([
  { name: "heap", end: { heapBytes: 22 * MiB }, fault: "the heap grew: 20971520 → 23068672 bytes" },
  { name: "buffers", end: { bufferBytes: 3 * MiB }, fault: "the buffers grew: 1048576 → 3145728 bytes" },
  { name: "resident memory", end: { residentBytes: 120 * MiB }, fault: "resident memory grew in the second half" },
  { name: "a descriptor", end: { descriptors: 27 }, fault: "descriptors: 26 → 27" },
  { name: "a timer", end: { resources: ["TCPServerWrap", "Timeout", "Timeout"] }, fault: "Timeout → TCPServerWrap, " },
  { name: "nothing done", end: { streams: 0 }, fault: "nothing was opened" },
  { name: "a warning", end: { warnings: ["MaxListeners"] }, fault: "MaxListeners" },
  { name: "a relay that is held", end: { held: 3 }, fault: "streams held: 3" },
])("growth of $name is a fault", ({ end, fault }) => {
  expect(soakFaults(result(end))).toEqual([expect.stringContaining(fault)]);
});

test("what went wrong is a fault, with how often", () => {
  expect(soakFaults(result({}, [["h2 /relay close: closed", 2]]))).toEqual(["2 × h2 /relay close: closed"]);
});

test("the page has the measures of each engine, and whether they grew", () => {
  const page = soakPage([result({}), result({ descriptors: 27 })], {
    date: "2026-11-25",
    node: "v24",
    machine: "2 cores",
    command: "npm run soak",
  });
  expect(page).toContain(
    "| end    | 100        | 20480     | 1024         | 100.0    | 26          | 1       | 1      | 0    |",
  );
  expect(page).toContain("Nothing grew.");
  expect(page).toContain("- descriptors: 26 → 27");
});
