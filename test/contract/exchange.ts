import { describe } from "vitest";
import type { ExchangeUnderTest } from "../support/exchange-under-test.ts";
import { describeAnswers } from "./exchange-answers.ts";
import { describeContent } from "./exchange-content.ts";
import { describeExchangeEnds } from "./exchange-ends.ts";

/** Runs what `src/transport/opening.ts` promises of an HttpExchange against one HTTP version on a listener. */
export function describeExchange(name: string, under: ExchangeUnderTest): void {
  describe(`${name} keeps the contract of an exchange`, () => {
    describeContent(under);
    describeAnswers(under);
    describeExchangeEnds(under);
  });
}
