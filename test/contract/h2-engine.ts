import { describe } from "vitest";
import type { CreateEngine } from "../support/serving-engine.ts";
import { describeH2Ends } from "./h2-engine-ends.ts";
import { describeH2Requests } from "./h2-engine-requests.ts";
import { describeH2Streams } from "./h2-engine-streams.ts";

/** Runs what `src/transport/h2-acceptor.ts` promises against one engine. */
export function describeH2Engine(name: string, create: CreateEngine): void {
  describe(`${name} keeps the contract of an HTTP/2 engine`, () => {
    describeH2Requests(create);
    describeH2Streams(create);
    describeH2Ends(create);
  });
}
