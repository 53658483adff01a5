import type { H2EngineName } from "../../src/transport/h2-acceptor.ts";

/** The HTTP/2 engine that is not the default one: what touches an engine is run a second time, on it. */
export const SecondEngine: H2EngineName = "node";

/** Why a test file of a suite that is run on both HTTP/2 engines is run once. */
export type RunOnceReason = "runs on both by itself" | "asks for what one alone can do" | "touches none";

/** The files that are left out of the second run. One that is not named here is run twice. */
export const RunOnce: Readonly<Record<string, RunOnceReason>> = {
  "test/fault/header-limits.test.ts": "runs on both by itself",
  "test/fault/hostile-clients.test.ts": "runs on both by itself",
  "test/fault/request-smuggling.test.ts": "runs on both by itself",
  "test/fault/slow-path.test.ts": "asks for what one alone can do",
  "test/fault/slowloris-header-block.test.ts": "runs on both by itself",
  "test/fault/smuggling-upstream.test.ts": "runs on both by itself",
  "test/interop/h2-upstreams.test.ts": "runs on both by itself",
  "test/interop/our-server.test.ts": "runs on both by itself",
  "test/interop/permessage-deflate.test.ts": "touches none",
  "test/conformance/autobahn/autobahn.test.ts": "runs on both by itself",
  "test/conformance/autobahn/tester.test.ts": "touches none",
  "test/conformance/connect-streams/connect-streams.test.ts": "runs on both by itself",
  "test/conformance/connect-streams/flow-control.test.ts": "runs on both by itself",
  "test/conformance/connect-streams/header-table.test.ts": "runs on both by itself",
  "test/conformance/h2spec/h2spec.test.ts": "runs on both by itself",
  "test/e2e/console-page.test.ts": "touches none",
  "test/e2e/library-browsers.test.ts": "runs on both by itself",
  "test/e2e/package.test.ts": "touches none",
};
