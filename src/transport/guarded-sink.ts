import { SomethingFailed } from "../protocol/handshake/opening-refusal.ts";
import type { AcceptorSink } from "./opening.ts";

/**
 * `sink`, except that a method that throws costs the one request: it is answered 500 if it has no answer yet, its answer is cut
 * off if that is not complete, and the sink is told what failed.
 */
export function guardedSink(sink: AcceptorSink): AcceptorSink {
  return {
    opening(opening) {
      try {
        sink.opening(opening);
      } catch (error) {
        opening.reject(SomethingFailed);
        sink.failed(error);
      }
    },
    exchange(exchange) {
      try {
        sink.exchange(exchange);
      } catch (error) {
        exchange.respond(SomethingFailed);
        exchange.abort();
        sink.failed(error);
      }
    },
    refused(refusal, connection) {
      try {
        sink.refused(refusal, connection);
      } catch (error) {
        // A counter that fails is no reason to treat the client otherwise.
        sink.failed(error);
      }
    },
    abused(abuse, connection) {
      try {
        sink.abused(abuse, connection);
      } catch (error) {
        sink.failed(error);
      }
    },
    failed: (error) => sink.failed(error),
  };
}
