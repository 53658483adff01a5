import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { descriptorWarning, openFilesLimit, tryOpenFiles } from "../../../src/gateway/lifecycle/descriptors.ts";

const Needs = { maxConnections: 500, maxStreams: 1_000, maxUpstreamConnections: 256 };
const All = 500 + 1_000 + 256 + 128;

describe("the limit", () => {
  test.each([
    { limits: "Max cpu time   unlimited unlimited seconds\nMax open files   1024   524288   files\n", limit: 1_024 },
    { limits: "Max open files            unlimited            unlimited            files\n", limit: undefined },
    { limits: "", limit: undefined },
  ])("$limit in $limits", ({ limits, limit }) => {
    expect(tryOpenFiles(limits)).toBe(limit);
  });

  test("is the one the shell set", () => {
    const script = "import('./src/gateway/lifecycle/descriptors.ts').then((m) => console.log(m.openFilesLimit()))";
    const args = ["-c", 'ulimit -n 321 && exec "$0" -e "$1"', process.execPath, script];
    expect(execFileSync("sh", args, { encoding: "utf8" })).toBe("321\n");
    expect(openFilesLimit()).toBeGreaterThan(321);
  });
});

describe("the warning", () => {
  test.each([
    { limit: All - 1, isWarned: true },
    { limit: All, isWarned: false },
    { limit: undefined, isWarned: false },
  ])("with $limit: $isWarned", ({ limit, isWarned }) => {
    expect(descriptorWarning(Needs, limit) !== undefined).toBe(isWarned);
  });

  test("says what is missing, and the cure", () => {
    expect(descriptorWarning(Needs, 1_024)).toBe(
      "this process may have 1024 files open, and the limits come to 1884: 500 connections of clients, 1000 of WebSockets " +
        "to upstreams, 256 of requests to upstreams, 128 of its own. Raise it (LimitNOFILE=1884 in the systemd unit, " +
        "--ulimit nofile=1884 for a container, ulimit -n 1884 in a shell), or lower limits.maxConnections and " +
        "limits.maxStreams; beyond it new connections are refused",
    );
  });
});
