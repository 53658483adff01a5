import { defineConfig } from "vitest/config";

/** A suite of real processes: one file after the other, so that no measurement suffers from its neighbour. */
function serial(name: string, groupOrder: number) {
  return {
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      fileParallelism: false,
      testTimeout: 60_000,
      hookTimeout: 60_000,
      sequence: { groupOrder },
    },
  };
}

/** Tests whose time goes into sockets and processes: kept apart, so that `npm run test:unit` stays well under a minute. */
const WithSockets = [
  "test/transport/**/*.test.ts",
  "test/gateway/{admin,lifecycle}/**/*.test.ts",
  "test/gateway/*.test.ts",
  "test/{bench/relay,gateway/serving,soak,websocket}/*-wire.test.ts",
  "test/gateway/serving/{http-*,static-files*}.test.ts",
  "test/cli/{main,runtime,terminal-end}.test.ts",
  "test/cli/*-wire.test.ts",
  // No sockets, but seconds of reckoning: ten thousand streams, a million clients, config files made up to break their reader.
  "test/gateway/telemetry/series-budget.test.ts",
  "test/websocket/opening-rate.test.ts",
  "test/gateway/config/hostile-files.test.ts",
  "test/docs/{examples,library-imports}.test.ts",
  "test/demo/backend.test.ts",
  "test/runner.test.ts",
];

/** A suite of many small files; they wait more than they reckon, and one worker on 2 cores would leave a core idle. */
function parallel(name: string, groupOrder: number, files: { include: string[]; exclude?: string[] }) {
  return { test: { name, ...files, maxWorkers: 3, testTimeout: 10_000, sequence: { groupOrder } } };
}

export default defineConfig({
  test: {
    allowOnly: false,
    projects: [
      parallel("unit", 0, {
        include: ["test/**/*.test.ts"],
        exclude: ["test/{fault,interop,e2e,conformance,fuzz,prometheus}/**", ...WithSockets],
      }),
      parallel("sockets", 1, { include: WithSockets }),
      serial("fault", 2),
      serial("interop", 3),
      serial("conformance", 4),
      serial("fuzz", 5),
      serial("e2e", 6),
      serial("prometheus", 7),
    ],
  },
});
