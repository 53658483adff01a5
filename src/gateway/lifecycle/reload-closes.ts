import { CloseCode } from "../../protocol/close-code.ts";
import type { GatewayCloseCause, LiveStream, LiveStreams } from "../serving/live-streams.ts";
import type { ConfigDiff } from "./config-diff.ts";
import type { Schedule } from "./schedule.ts";

/** The part of the lifetime of a changed route's streams that is up to chance, so that reloads do not add up. */
const AgeJitter = 0.1;

/** Who is closed, why, and how fast. */
export interface CloseOptions {
  readonly live: LiveStreams;
  readonly schedule: Schedule;
  readonly closeSpreadMs: number;
}

/** Tells each of `streams` to close with 1012, one after the other; those that have ended by then are left out. */
export function closeSpread(
  streams: readonly LiveStream[],
  cause: GatewayCloseCause,
  { live, schedule, closeSpreadMs }: CloseOptions,
): void {
  schedule.spread(streams, closeSpreadMs, (stream) => {
    if (live.has(stream)) stream.close(CloseCode.ServiceRestart, cause);
  });
}

/**
 * Closes the streams that a reload has left without a route, and those of changed routes when `changedRouteMs` have passed.
 */
export function closeBehindReload(
  { routes }: ConfigDiff,
  { changedRouteMs, ...options }: CloseOptions & { readonly changedRouteMs: number },
): void {
  const { live, schedule } = options;
  const ofRoutes = (streams: readonly LiveStream[], names: readonly string[]) =>
    streams.filter(({ route }) => names.includes(route));
  closeSpread(ofRoutes(live.all(), routes.removed), "route-removed", options);
  const { changed } = routes;
  if (ofRoutes(live.all(), changed).length === 0) return;
  // By number: a list would keep every stream that ends by itself meanwhile from being forgotten.
  const { newest } = live;
  schedule.after(changedRouteMs, AgeJitter, () =>
    closeSpread(ofRoutes(live.upTo(newest), changed), "route-changed", options),
  );
}
