import { expect, test } from "vitest";
import { OpeningReport, type OpeningOutcome } from "../../../src/gateway/serving/opening-report.ts";
import { FakeOpening } from "../../support/fake-opening.ts";

function reported() {
  const opening = new FakeOpening();
  const outcomes: OpeningOutcome[] = [];
  return { opening, outcomes, report: new OpeningReport(opening, "chat", (outcome) => outcomes.push(outcome)) };
}

test("tells once what became of an opening, however often it is answered", () => {
  const { opening, outcomes, report } = reported();
  expect(report.isOver).toBe(false);
  report.refuse("no_route", 404, "There is nothing.", "of no interest");
  report.accepted();
  report.answered("deadline", 504);
  expect(report.isOver).toBe(true);
  expect(opening.rejection).toMatchObject({ status: 404, body: "There is nothing.\n" });
  expect(outcomes).toMatchObject([
    { route: "chat", protocol: "h1", result: "no_route", status: 404, detail: "of no interest" },
  ]);
});

test.each([
  { status: 503, retryAfter: ["retry-after", "5"] },
  { status: 502, retryAfter: [] },
  { status: 404, retryAfter: [] },
])("a refusal with $status says when to come again: $retryAfter", ({ status, retryAfter }) => {
  const { opening, report } = reported();
  report.refuse("draining", status, "Not now.");
  expect(opening.rejection?.fields).toEqual(["content-type", "text/plain; charset=utf-8", ...retryAfter]);
});
