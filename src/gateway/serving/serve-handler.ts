import type { Opening } from "../../transport/opening.ts";
import { WebSocketConnection } from "../../websocket/connection.ts";
import { chooseSubprotocol } from "./handlers.ts";
import type { OpeningReport } from "./opening-report.ts";
import { lingerMsOf, streamFactsOf, type ServingContext } from "./serving-context.ts";
import type { HandlerRoute } from "./site.ts";

/** Accepts the opening and runs the route's handler on it, in this process. */
export function serveHandler(
  opening: Opening,
  { name, handler, handlerName, subprotocols }: HandlerRoute,
  report: OpeningReport,
  { live, streams, limits, handlerFailed }: ServingContext,
): void {
  const subprotocol = chooseSubprotocol(subprotocols, opening.request.subprotocols);
  const stream = opening.accept({ subprotocol });
  report.accepted();
  const record = streams.open(streamFactsOf(opening, name, handlerName));
  const connection = new WebSocketConnection(stream, {
    role: "server",
    handler: { onError: (_, failure) => handlerFailed(name, failure), ...handler },
    request: opening.request,
    subprotocol,
    ...limits,
    lingerMs: lingerMsOf(opening),
    incoming: record.toUpstream,
    outgoing: record.toClient,
    onEnded: (ending) => {
      live.delete(served);
      record.close(ending);
    },
  });
  const served = {
    close: (code: number) => connection.drain(code),
    abort: () => connection.abort(),
  };
  live.add(served);
}
