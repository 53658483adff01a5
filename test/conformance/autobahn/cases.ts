import type { ConformanceCase } from "./case.ts";
import { CloseCases } from "./close-cases.ts";
import { CompressionCases } from "./compression-cases.ts";
import { FramingCases, PingCases } from "./framing-cases.ts";
import { FragmentedSendingCases, LimitCases } from "./limit-cases.ts";
import { FragmentationCases, OpcodeCases, ReservedBitCases } from "./rule-cases.ts";
import { Utf8Cases } from "./utf8-cases.ts";

const inNumericOrder = new Intl.Collator("en", { numeric: true });

/** All 517 cases, in the order of their numbers. */
export const ConformanceCases: readonly ConformanceCase[] = [
  ...FramingCases,
  ...PingCases,
  ...ReservedBitCases,
  ...OpcodeCases,
  ...FragmentationCases,
  ...Utf8Cases,
  ...CloseCases,
  ...LimitCases,
  ...FragmentedSendingCases,
  ...CompressionCases,
].toSorted((one, other) => inNumericOrder.compare(one.number, other.number));
