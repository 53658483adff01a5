import {
  answered,
  close,
  closed,
  continuation,
  frame,
  fromHex,
  heard,
  ping,
  repeated,
  send,
  text,
  utf8,
} from "./building.ts";
import type { ConformanceCase } from "./case.ts";
import { Kosme } from "./utf8-sequences.ts";

const Hello = "Hello World!";
const large = () => repeated(utf8("BAsd7&jh23"), 256 * 1024);

const BehaviourCases: readonly ConformanceCase[] = [
  answered("7.1.1", "a text, then a Close", () => ({ steps: [send([text(Hello)])], hears: [heard("text", Hello)] })),
  closed("7.1.2", "two Closes", 1000, () => [close(1000), close()]),
  closed("7.1.3", "a Ping behind a Close", 1000, () => [close(1000), ping()]),
  closed("7.1.4", "a text behind a Close", 1000, () => [close(1000), text(Hello)]),
  closed("7.1.5", "a Close between two fragments", 1000, () => [
    text("fragment1", { fin: false }),
    close(1000),
    continuation("fragment2"),
  ]),
  // Autobahn judges nothing here. What came before the Close is echoed before it is answered.
  closed(
    "7.1.6",
    "a text of 256 KiB, a short one, a Close and a Ping",
    1000,
    () => [text(large()), text(Hello), close(1000), ping()],
    () => [heard("text", large()), heard("text", Hello)],
  ),
];

const NotUtf8 = fromHex(`${Kosme} eda080 656469746564`);

const PayloadCases: readonly ConformanceCase[] = [
  closed("7.3.1", "an empty Close", 1005, () => [close()]),
  closed("7.3.2", "a Close of 1 octet", 1002, () => [frame(0x8, "a")]),
  closed("7.3.3", "a Close with a code", 1000, () => [close(1000)]),
  closed("7.3.4", "a Close with a reason", 1000, () => [close(1000, Hello)]),
  closed("7.3.5", "a Close with a reason of 123 octets", 1000, () => [close(1000, "*".repeat(123))]),
  closed("7.3.6", "a Close with a reason of 124 octets", 1002, () => [close(1000, "*".repeat(124))]),
  // Autobahn takes 1002 too; RFC 6455 §8.1 says 1007.
  closed("7.5.1", "a Close whose reason is no UTF-8", 1007, () => [close(1000, NotUtf8)]),
];

const ValidCodes = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999];
const InvalidCodes = [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999];
/** Autobahn judges nothing here: RFC 6455 §7.4.2 does not say what these are, so nobody may send them. */
const CodesBeyond = [5000, 65_535];

/** Group 7: the closing handshake. */
export const CloseCases: readonly ConformanceCase[] = [
  ...BehaviourCases,
  ...PayloadCases,
  ...ValidCodes.map((code, index) => closed(`7.7.${index + 1}`, `code ${code}`, code, () => [close(code)])),
  ...InvalidCodes.map((code, index) => closed(`7.9.${index + 1}`, `code ${code}`, 1002, () => [close(code)])),
  ...CodesBeyond.map((code, index) => closed(`7.13.${index + 1}`, `code ${code}`, 1002, () => [close(code)])),
];
