import { expect, test, vi } from "vitest";
import { Reloader, type ReloadResult } from "../../../src/gateway/lifecycle/reloader.ts";

/** A reload that ends when the test says so. */
function manualReload() {
  const runs: PromiseWithResolvers<ReloadResult>[] = [];
  const reload = () => {
    const run = Promise.withResolvers<ReloadResult>();
    runs.push(run);
    return run.promise;
  };
  return { runs, reload };
}

test("who asks during a reload gets the one behind it, together", async () => {
  const { runs, reload } = manualReload();
  const reloader = new Reloader(reload);
  const first = reloader.request();
  const second = reloader.request();
  const third = reloader.request();
  expect(runs).toHaveLength(1);
  runs[0]?.resolve({ type: "unchanged" });
  expect(await first).toEqual({ type: "unchanged" });
  await Promise.resolve();
  expect(runs).toHaveLength(2);
  const fourth = reloader.request();
  runs[1]?.resolve({ type: "applied", diff: "limits" });
  expect(await second).toEqual({ type: "applied", diff: "limits" });
  expect(await third).toEqual({ type: "applied", diff: "limits" });
  await Promise.resolve();
  expect(runs).toHaveLength(3);
  runs[2]?.resolve({ type: "refused", reason: "broken" });
  expect(await fourth).toEqual({ type: "refused", reason: "broken" });
});

test("when all is quiet a request begins at once", async () => {
  const { runs, reload } = manualReload();
  const reloader = new Reloader(reload);
  for (const i of [0, 1, 2]) {
    const request = reloader.request();
    expect(runs).toHaveLength(i + 1);
    runs[i]?.resolve({ type: "unchanged" });
    await request;
    await Promise.resolve();
  }
});

test("there are never two at a time, whenever somebody asks", async () => {
  const { runs, reload } = manualReload();
  const reloader = new Reloader(reload);
  void reloader.request();
  void reloader.request();
  runs[0]?.resolve({ type: "unchanged" });
  for (let turn = 0; turn < 10; turn++) {
    await Promise.resolve();
    void reloader.request();
    expect(runs.length).toBeLessThanOrEqual(2);
  }
  runs[1]?.resolve({ type: "unchanged" });
  await vi.waitFor(() => expect(runs).toHaveLength(3));
  runs[2]?.resolve({ type: "unchanged" });
  await reloader.settled();
  await reloader.settled();
  expect(runs).toHaveLength(3);
});
