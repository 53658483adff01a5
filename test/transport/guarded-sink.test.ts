import { expect, test, vi } from "vitest";
import { guardedSink } from "../../src/transport/guarded-sink.ts";
import type { AcceptorSink, ConnectionFacts, HttpExchange, Opening } from "../../src/transport/opening.ts";

const connection: ConnectionFacts = {
  id: 1,
  listener: "main",
  httpVersion: "2",
  secure: true,
  remoteAddress: "",
  remotePort: 0,
  localPort: 0,
  serverName: undefined,
};
const fail = () => {
  throw new Error("a fault of the floor above");
};

test("what a sink's method throws costs the one request", () => {
  const guarded = guardedSink({ opening: fail, exchange: fail, refused: fail });
  const reject = vi.fn<Opening["reject"]>();
  const respond = vi.fn<HttpExchange["respond"]>();
  guarded.opening({ reject } as Partial<Opening> as Opening);
  guarded.exchange({ respond } as Partial<HttpExchange> as HttpExchange);
  guarded.refused("malformed", connection);
  expect(reject).toHaveBeenCalledExactlyOnceWith({ status: 500, fields: [], body: "" });
  expect(respond).toHaveBeenCalledExactlyOnceWith({ status: 500, fields: [], body: "" });
});

test("a sink that does not throw is told as if nobody stood between", () => {
  const refused = vi.fn<AcceptorSink["refused"]>();
  const guarded = guardedSink({ opening: fail, exchange: fail, refused });
  guarded.refused("version", connection);
  expect(refused).toHaveBeenCalledExactlyOnceWith("version", connection);
});
