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

export default defineConfig({
  test: {
    allowOnly: false,
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/{fault,interop,e2e}/**"],
          // Its tests wait more than they reckon: the default of one worker on 2 cores leaves a core idle.
          maxWorkers: 3,
          testTimeout: 10_000,
          sequence: { groupOrder: 0 },
        },
      },
      serial("fault", 1),
      serial("interop", 2),
      serial("e2e", 3),
    ],
  },
});
