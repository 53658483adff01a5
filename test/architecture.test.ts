import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { architectureFaults, topLevelFaults, type Tree } from "./support/architecture.ts";

const Root = join(import.meta.dirname, "..");

function readTree(): Tree {
  const paths = ["src", "test"].flatMap((folder) =>
    readdirSync(join(Root, folder), { recursive: true, encoding: "utf8" }).map((path) => `${folder}/${path}`),
  );
  const sources = paths.filter((path) => /\.tsx?$/.test(path));
  return new Map(sources.map((path) => [path, readFileSync(join(Root, path), "utf8")]));
}

describe("hawser", () => {
  test("keeps the rules of its house", () => {
    const tree = readTree();
    expect(tree.size).toBeGreaterThan(20);
    expect(architectureFaults(tree)).toEqual([]);
  });

  test("has nothing in its top level that has no business there", () => {
    const ignored = readFileSync(join(Root, ".gitignore"), "utf8").split("\n");
    expect(
      topLevelFaults(
        readdirSync(Root),
        ignored.map((line) => line.replace(/\/$/, "")),
      ),
    ).toEqual([]);
  });
});

/** A small house that keeps the rules, with `planted` put into it. */
function house(planted: Record<string, string> = {}): Tree {
  const sound = {
    "src/protocol/close-code.ts": `/** A word. */\nexport const CloseCode = { Normal: 1000 } as const;\n`,
    "src/protocol/errors.ts": `export class WebSocketError extends Error {}\n`,
    "src/protocol/frame/mask.ts": `import { randomFillSync } from "node:crypto";\n`,
    "src/transport/byte-stream.ts": `import type { Socket } from "node:net";\n`,
    "src/transport/h2/windows.ts": `import type { Bytes } from "../byte-stream.ts";\n`,
    "src/transport/node-h2.ts": `import { connect } from "node:http2";\nimport { grow } from "./h2/windows.ts";\n`,
    "src/websocket/connection.ts": `import {\n  CloseCode,\n} from "../protocol/close-code.ts";\n`,
    "src/index.ts": `export { CloseCode } from "./protocol/close-code.ts";\n`,
    "src/gateway/config/load.ts": `import { parseDocument } from "yaml";\n`,
    "src/gateway/routing/forwarded-fields.ts": `import { type BlockList, isIP } from "node:net";\n`,
    "src/gateway/serving/handlers.ts": `export const load = (url: string): Promise<unknown> => import(url);\n`,
    "src/gateway/gateway.ts": `import { loadConfig } from "./config/load.ts";\n`,
    "src/cli/main.ts": `const { run } = await import("./commands.ts");\n`,
    "test/architecture.test.ts": `import { run } from "../src/cli/main.ts";\nimport { WebSocket } from "ws";\n`,
  };
  return new Map(Object.entries({ ...sound, ...planted }));
}

describe("a house", () => {
  test("that keeps the rules has no faults", () => {
    expect(architectureFaults(house())).toEqual([]);
  });

  test.each([
    {
      rule: "an upward import",
      planted: { "src/protocol/close-code.ts": `import { open } from "../transport/byte-stream.ts";\n` },
      fault: "src/protocol/close-code.ts: imports upward, src/transport/byte-stream.ts",
    },
    {
      rule: "an upward import of a type, over several lines",
      planted: { "src/protocol/frame/a.ts": `import type {\n  Message,\n} from "../message/message.ts";\n` },
      fault: "src/protocol/frame/a.ts: imports upward, src/protocol/message/message.ts",
    },
    {
      rule: "an upward re-export",
      planted: { "src/websocket/a.ts": `export type * from "../gateway/gateway.ts";\n` },
      fault: "src/websocket/a.ts: imports upward, src/gateway/gateway.ts",
    },
    {
      rule: "an upward import at run time",
      planted: { "src/gateway/config/a.ts": `const late = await import("../serving/relay.ts");\n` },
      fault: "src/gateway/config/a.ts: imports upward, src/gateway/serving/relay.ts",
    },
    {
      rule: "an import that is computed",
      planted: { "src/websocket/a.ts": `const late = await import(name);\n` },
      fault: "src/websocket/a.ts: imports what is only known at run time",
    },
    {
      rule: "an import of the package's door",
      planted: { "src/gateway/a.ts": `import { CloseCode } from "../index.ts";\n` },
      fault: "src/gateway/a.ts: imports the package's door, src/index.ts",
    },
    {
      rule: "an import from the tests",
      planted: { "src/cli/a.ts": `import { backend } from "../../test/support/ws-backend.ts";\n` },
      fault: "src/cli/a.ts: imports from outside of src, test/support/ws-backend.ts",
    },
    {
      rule: "a cycle inside a folder",
      planted: {
        "src/websocket/a.ts": `import { b } from "./b.ts";\n`,
        "src/websocket/b.ts": `import { c } from "./c.ts";\n`,
        "src/websocket/c.ts": `import type { A } from "./a.ts";\n`,
      },
      fault: "src/websocket/a.ts, src/websocket/b.ts, src/websocket/c.ts: import one another in a cycle",
    },
    {
      rule: "a cycle between the folders of one floor",
      planted: { "src/transport/h2/windows.ts": `import { engine } from "../node-h2.ts";\n` },
      fault: "src/transport/h2/windows.ts, src/transport/node-h2.ts: import one another in a cycle",
    },
    {
      rule: "a module of another's",
      planted: { "src/websocket/a.ts": `import { connect } from "node:net";\n` },
      fault: "src/websocket/a.ts: imports node:net, which belongs to src/transport",
    },
    {
      rule: "a socket beside the arithmetic of addresses",
      planted: { "src/gateway/routing/a.ts": `import { BlockList, connect } from "node:net";\n` },
      fault: "src/gateway/routing/a.ts: imports node:net, which belongs to src/transport",
    },
    {
      rule: "the whole of a module of another's",
      planted: { "src/gateway/routing/a.ts": `import * as net from "node:net";\n` },
      fault: "src/gateway/routing/a.ts: imports node:net, which belongs to src/transport",
    },
    {
      rule: "a package of another's",
      planted: { "src/gateway/serving/a.ts": `import { z } from "zod";\n` },
      fault: "src/gateway/serving/a.ts: imports zod, which belongs to src/gateway/config",
    },
    {
      rule: "a package nobody owns",
      planted: { "src/cli/a.ts": `import { request } from "left-pad";\n` },
      fault: "src/cli/a.ts: imports left-pad, which nobody owns",
    },
    {
      rule: "a clock in the protocol",
      planted: { "src/protocol/message/a.ts": `import { setTimeout } from "node:timers/promises";\n` },
      fault: "src/protocol/message/a.ts: is pure and imports node:timers/promises",
    },
    {
      rule: "an attic as a folder",
      planted: { "test/helpers/clock.ts": "" },
      fault: "test/helpers/clock.ts: the name of an attic; say what it holds",
    },
    {
      rule: "an attic as a file",
      planted: { "src/websocket/types.ts": "" },
      fault: "src/websocket/types.ts: the name of an attic; say what it holds",
    },
    {
      rule: "a barrel",
      planted: { "src/websocket/index.ts": "" },
      fault: "src/websocket/index.ts: the name of an attic; say what it holds",
    },
    {
      rule: "a folder without a floor",
      planted: { "src/plugins/a.ts": "" },
      fault: "src/plugins/a.ts: stands on no floor",
    },
    {
      rule: "a file of 351 lines",
      planted: { "test/long.test.ts": "\n".repeat(351) },
      fault: "test/long.test.ts: 351 lines; more than 350 are two files",
    },
    {
      rule: "inheritance",
      planted: { "src/websocket/a.ts": `export class Connection<T> extends EventEmitter {}\n` },
      fault: "src/websocket/a.ts: inherits from EventEmitter; only Error is inherited from",
    },
    {
      rule: "a default export",
      planted: { "src/websocket/a.ts": `export default function connect(): void {}\n` },
      fault: "src/websocket/a.ts: a default export",
    },
    {
      rule: "any",
      planted: { "src/websocket/a.ts": `export const value: any = new Map();\n` },
      fault: "src/websocket/a.ts: the type any",
    },
  ])("with $rule is faulty", ({ planted, fault }) => {
    expect(architectureFaults(house(planted))).toEqual([fault]);
  });

  test.each([
    { name: "utils", fault: ["utils: does not belong into the top level"] },
    { name: "docs", fault: ["docs: does not belong into the top level"] },
    { name: "src", fault: [] },
    { name: "dist", fault: [] },
  ])("with $name in its top level", ({ name, fault }) => {
    expect(topLevelFaults([name], ["dist"])).toEqual(fault);
  });
});
