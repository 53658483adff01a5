import { expect, expectTypeOf, test } from "vitest";
import { connect, type WebSocketClient } from "../../src/websocket/client.ts";
import type { HandledConnection, WebSocketHandler } from "../../src/websocket/handler.ts";
import { reconnecting } from "../../src/websocket/reconnecting.ts";
import { WebSocketServer } from "../../src/websocket/server.ts";
import { type Authorization, type Endpoint, endpoint } from "../../src/websocket/server-options.ts";

interface User {
  readonly user: string;
}

interface Room {
  readonly room: number;
}

const asUser = (): Authorization<User> => ({ type: "accept", data: { user: "Ada" } });
const greeting: WebSocketHandler<User> = { onOpen: ({ request }) => void request.data.user };

// What a line with a mark says, the compiler holds it to; all of them run too.

test("connections with data need an authorize that gives them", () => {
  expectTypeOf(new WebSocketServer({ authorize: asUser }).connections).toEqualTypeOf<
    ReadonlySet<HandledConnection<User>>
  >();
  // @ts-expect-error - nobody gives the data that the handler reads
  expect(new WebSocketServer({ handler: greeting })).toBeDefined();
  // @ts-expect-error - nor here
  expect(new WebSocketServer<User>({ handler: {} })).toBeDefined();
  // @ts-expect-error - nor where nothing is said
  expect(new WebSocketServer<User>()).toBeDefined();
  // @ts-expect-error - nor in an endpoint
  expect(endpoint({ path: "/", handler: greeting })).toBeDefined();
});

test("a server of some data is one for whoever does not ask which", () => {
  expect(new WebSocketServer({ authorize: asUser }) satisfies WebSocketServer).toBeDefined();
});

test("connections without data need none", () => {
  expectTypeOf(new WebSocketServer().connections).toEqualTypeOf<ReadonlySet<HandledConnection>>();
  expectTypeOf(new WebSocketServer({ handler: {} })).toEqualTypeOf<WebSocketServer>();
  expect(new WebSocketServer<undefined>() satisfies WebSocketServer).toBeDefined();
  expect(new WebSocketServer<User | undefined>({ handler: {} }) satisfies WebSocketServer).toBeDefined();
});

test("a client gives what an application has of a WebSocket, and not what its owner has", () => {
  expectTypeOf(connect).returns.resolves.toEqualTypeOf<HandledConnection>();
  expectTypeOf<WebSocketClient["connect"]>().returns.resolves.toEqualTypeOf<HandledConnection>();
  expectTypeOf(reconnecting("ws://a/")).toEqualTypeOf<AsyncGenerator<HandledConnection, void, undefined>>();
  expectTypeOf<HandledConnection>().not.toHaveProperty("drain");
});

test("a yes needs no data where there are none", () => {
  expectTypeOf(new WebSocketServer({ authorize: () => ({ type: "accept" }) })).toEqualTypeOf<WebSocketServer>();
  expectTypeOf<{ type: "accept" }>().toExtend<Authorization<undefined>>();
  expectTypeOf<{ type: "accept" }>().toExtend<Authorization<unknown>>();
  expectTypeOf<{ type: "accept" }>().toExtend<Authorization<User | undefined>>();
  expectTypeOf<{ type: "accept" }>().not.toExtend<Authorization<User>>();
  // @ts-expect-error - the connections have a user
  expect(new WebSocketServer<User>({ authorize: () => ({ type: "accept" }) })).toBeDefined();
});

test("the type of the data is that of authorize, whatever it waits for or refuses", () => {
  const server = new WebSocketServer({
    async authorize(request, { signal }) {
      await Promise.resolve(signal);
      if (request.path === "/") return { type: "reject", status: 401 };
      return { type: "accept", data: { user: request.path } };
    },
    handler: { onOpen: ({ request }) => expectTypeOf(request.data).toEqualTypeOf<{ user: string }>() },
  });
  expectTypeOf(server.connections).toEqualTypeOf<ReadonlySet<HandledConnection<{ user: string }>>>();
});

test("endpoints of one server may have data of different types, each by its own authorize", () => {
  const server = new WebSocketServer({
    endpoints: [
      endpoint({
        path: "/users",
        authorize: async (request) => ({ type: "accept", data: { user: request.path } }),
        handler: { onOpen: ({ request }) => expectTypeOf(request.data).toEqualTypeOf<{ user: string }>() },
      }),
      endpoint<Room>({
        path: "/rooms",
        authorize: () => ({ type: "accept", data: { room: 1 } }),
        handler: { onMessage: ({ request }) => expectTypeOf(request.data).toEqualTypeOf<Room>() },
      }),
      { path: "/news", handler: { onOpen: ({ request }) => expectTypeOf(request.data).toBeUnknown() } },
    ],
  });
  expectTypeOf(server.connections).toEqualTypeOf<ReadonlySet<HandledConnection>>();
});

test("an endpoint has the data of its server, whose authorize it has", () => {
  const own: Endpoint = endpoint({ path: "/rooms", authorize: () => ({ type: "accept", data: { room: 1 } }) });
  const theirs: Endpoint<User> = {
    path: "/users",
    handler: { onOpen: ({ request }) => expectTypeOf(request.data).toEqualTypeOf<User>() },
  };
  expectTypeOf(new WebSocketServer({ authorize: asUser, endpoints: [theirs] })).toEqualTypeOf<WebSocketServer<User>>();
  // @ts-expect-error - the server's connections would not all have a user
  expect(new WebSocketServer({ authorize: asUser, endpoints: [own] })).toBeDefined();
  expectTypeOf(new WebSocketServer<unknown>({ authorize: asUser, endpoints: [own] })).toEqualTypeOf<WebSocketServer>();
});
