import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { WebSocketClient } from "../../src/websocket/client.ts";
import { WebSocketServer } from "../../src/websocket/server.ts";
import { showError } from "../../src/websocket/show-error.ts";

/** What a process is warned of, by the next warning. */
async function nextWarning(
  act: () => unknown,
): Promise<{ name: string; message: string; detail: unknown; cause: unknown }> {
  const warned = once(process, "warning");
  await act();
  const [warning] = await warned;
  return warning;
}

function failing(): never {
  throw new RangeError("the application's");
}

const shown = {
  name: "RangeError",
  message: "the application's",
  detail: expect.stringMatching(/^ +at .*failing .*show-error/),
};

describe.each(["h1", "h2"] as const)("over %s", (protocol) => {
  test.each(["server", "client"] as const)("what a method of a %s throws is shown with its stack", async (side) => {
    const handler = { onMessage: failing };
    const server = new WebSocketServer(
      side === "server" ? { handler } : { handler: { onOpen: (one) => one.send("a") } },
    );
    const client = new WebSocketClient({ protocol });
    const { port } = await server.listen({ host: "127.0.0.1" });
    const warning = await nextWarning(async () => {
      const connection = await client.connect(`ws://127.0.0.1:${port}/`, side === "client" ? { handler } : {});
      if (side === "server") void connection.send("a");
    });
    expect(warning).toMatchObject(shown);
    await client.close();
    await server.close();
  });
});

test("what was thrown is the cause, and need be no error", async () => {
  const error = new Error("a\n  at first sight");
  expect(await nextWarning(() => showError(error))).toMatchObject({
    message: error.message,
    cause: error,
    detail: expect.stringMatching(/^ +at .*show-error/),
  });
  expect(await nextWarning(() => showError("a text"))).toMatchObject({
    message: "a text",
    detail: "",
    cause: "a text",
  });
});
