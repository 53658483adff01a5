import type { OpeningRejection } from "../protocol/handshake/opening-request.ts";
import type { AcceptorSink } from "./opening.ts";

const InternalServerError: OpeningRejection = { status: 500, fields: [], body: "" };

/** `sink`, except that a method that throws costs the one request: it is answered 500 if it has no answer yet. */
export function guardedSink(sink: AcceptorSink): AcceptorSink {
  return {
    opening(opening) {
      try {
        sink.opening(opening);
      } catch {
        opening.reject(InternalServerError);
      }
    },
    exchange(exchange) {
      try {
        sink.exchange(exchange);
      } catch {
        exchange.respond(InternalServerError);
      }
    },
    refused(refusal, connection) {
      try {
        sink.refused(refusal, connection);
      } catch {
        // A counter that fails is no reason to treat the client otherwise.
      }
    },
  };
}
