import type { Opening } from "../../transport/opening.ts";
import { OpeningReport } from "./opening-report.ts";
import { serveHandler } from "./serve-handler.ts";
import { serveUpstream } from "./serve-upstream.ts";
import type { ServingContext } from "./serving-context.ts";
import type { Site } from "./site.ts";

/** Answers `opening` by its route: the upstream's answer, a handler's 101 or 200, or 404. */
export function serveOpening(opening: Opening, site: Site, context: ServingContext): void {
  const route = site.find(opening.request);
  const report = new OpeningReport(opening, route?.name ?? "", context.openingOver);
  switch (route?.type) {
    case "upstream":
      void serveUpstream(opening, route, report, context);
      return;
    case "handler":
      return serveHandler(opening, route, report, context);
    case "files":
    case undefined:
      return report.refuse("no_route", 404, "There is no WebSocket here.");
    default:
      route satisfies never;
  }
}
