import { expect, test, vi } from "vitest";
import { SomethingFailed } from "../../src/protocol/handshake/opening-refusal.ts";
import { guardedSink } from "../../src/transport/guarded-sink.ts";
import type { AcceptorSink, HttpExchange, Opening } from "../../src/transport/opening.ts";
import { connectionFacts } from "../support/connection-facts.ts";

const fault = new Error("a fault of the floor above");
const fail = () => {
  throw fault;
};

test("what a sink's method throws costs the one request, and the sink is told", () => {
  const failed = vi.fn<AcceptorSink["failed"]>();
  const guarded = guardedSink({ opening: fail, exchange: fail, refused: fail, abused: fail, failed });
  const reject = vi.fn<Opening["reject"]>();
  const respond = vi.fn<HttpExchange["respond"]>();
  const abort = vi.fn<HttpExchange["abort"]>();
  guarded.opening({ reject } as Partial<Opening> as Opening);
  guarded.exchange({ respond, abort } as Partial<HttpExchange> as HttpExchange);
  guarded.refused("malformed", connectionFacts());
  guarded.abused("ping", connectionFacts());
  expect(reject).toHaveBeenCalledExactlyOnceWith(SomethingFailed);
  expect(respond).toHaveBeenCalledExactlyOnceWith(SomethingFailed);
  expect(abort).toHaveBeenCalledAfter(respond);
  expect(failed.mock.calls).toEqual([[fault], [fault], [fault], [fault]]);
});

test("a sink that does not throw is told as if nobody stood between", () => {
  const refused = vi.fn<AcceptorSink["refused"]>();
  const abused = vi.fn<AcceptorSink["abused"]>();
  const guarded = guardedSink({ opening: fail, exchange: fail, refused, abused, failed: fail });
  guarded.refused("version", connectionFacts());
  guarded.abused("settings", connectionFacts());
  expect(abused).toHaveBeenCalledExactlyOnceWith("settings", connectionFacts());
  expect(refused).toHaveBeenCalledExactlyOnceWith("version", connectionFacts());
});
