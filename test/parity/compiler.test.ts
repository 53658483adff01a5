import { expect, test } from "vitest";
import { PermessageDeflateNegotiator } from "../../src/protocol/message/permessage-deflate-negotiator.ts";
import type { Extension, ExtensionNegotiator } from "../../src/protocol/message/extension.ts";
import type { Endpoint } from "../../src/websocket/server-options.ts";

/** Each line with a mark fails to compile if the mark is not needed. */
test("takes nothing for what it is not", () => {
  const negotiator = new PermessageDeflateNegotiator();
  const extension = negotiator.confirm([])!;
  const extensions: readonly unknown[] = [
    extension satisfies Extension,
    // @ts-expect-error - a negotiator is no extension
    negotiator satisfies Extension,
    negotiator satisfies ExtensionNegotiator,
    // @ts-expect-error - an extension is no negotiator
    extension satisfies ExtensionNegotiator,
    // @ts-expect-error - nor is its name
    "permessage-deflate" satisfies ExtensionNegotiator,
    { path: "/a" } satisfies Endpoint,
    // @ts-expect-error - an endpoint has a path
    { handler: {} } satisfies Endpoint,
  ];
  expect(extensions).toHaveLength(7);
});
