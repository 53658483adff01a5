import { CloseCode } from "../../protocol/close-code.ts";
import { allowedRsvOf } from "../../protocol/handshake/negotiation.ts";
import type { OpeningAnswer } from "../../protocol/handshake/opening-request.ts";
import type { ByteStream } from "../../transport/byte-stream.ts";
import { Cancellation } from "../../transport/cancellation.ts";
import type { Opening } from "../../transport/opening.ts";
import { lingerMsOf } from "../../websocket/linger.ts";
import { dialInTurn } from "./dial-in-turn.ts";
import type { GatewayCloseCause, LiveStream } from "./live-streams.ts";
import type { OpeningReport } from "./opening-report.ts";
import { Relay } from "./relay.ts";
import { ServedStream } from "./served-stream.ts";
import type { UpstreamRoute } from "./site.ts";
import type { StreamContext } from "./serving-context.ts";
import type { UpstreamDialResult } from "./upstream-dialer.ts";

/**
 * Dials first and answers then: the upstream's own answer decides what the client is told. The next address is tried
 * where one cannot be reached, since nothing was sent to it yet. Never rejects.
 *
 * @param release - called once: when the WebSocket is over, or at once where there is none.
 */
export async function serveUpstream(
  opening: Opening,
  route: UpstreamRoute,
  report: OpeningReport,
  context: StreamContext,
  release: () => void,
): Promise<void> {
  const waiting = new WaitingOpening(opening, route.name, report);
  context.live.add(waiting);
  let isRelayed = false;
  try {
    const result = await dialInTurn(opening, route, waiting.dialing, context, report.trace);
    isRelayed = answer(opening, route, result, report, context, release);
  } catch (error) {
    // What neither the dialer nor the acceptor foresaw in a peer's fields costs this opening alone.
    const detail = error instanceof Error ? error.name : typeof error;
    report.refuse("upstream_invalid", 502, "The opening cannot be carried over to the upstream.", detail);
  } finally {
    context.live.delete(waiting);
    waiting.over();
    if (!isRelayed) release();
  }
}

/** An opening whose upstream has not answered yet: the client's leaving, its deadline or a drain ends the dial. */
class WaitingOpening implements LiveStream {
  readonly route: string;
  readonly connection: Opening["connection"];
  readonly dialing = new Cancellation();
  #report: OpeningReport | undefined;

  constructor(opening: Opening, route: string, report: OpeningReport) {
    this.route = route;
    this.connection = opening.connection;
    this.#report = report;
    opening.onGone = (reason) => {
      if (reason === "client-left") report.answered("client_left", 0);
      else report.answered("deadline", 504);
      this.dialing.cancel();
    };
  }

  close(_code: CloseCode, cause: GatewayCloseCause): void {
    const why = cause === "drain" ? "The gateway is stopping." : "The configuration has just changed.";
    this.#report?.refuse("draining", 503, why);
    this.dialing.cancel();
  }

  /** It waits no longer. Whoever still holds it holds nothing of the opening by it, as an old table of a Set may for long. */
  over(): void {
    this.#report = undefined;
  }

  abort(): void {
    this.close(CloseCode.ServiceRestart, "drain");
  }
}

/** Answers the opening by what became of the dial, and relays if it was accepted; returns whether a relay has begun. */
function answer(
  opening: Opening,
  route: UpstreamRoute,
  result: UpstreamDialResult,
  report: OpeningReport,
  context: StreamContext,
  release: () => void,
): boolean {
  if (result.type !== "accepted") {
    refuse(result, report);
    return false;
  }
  if (report.isOver) {
    result.stream.abort("cancel");
    return false;
  }
  relay(opening, route, result, report, context, release);
  return true;
}

function refuse(result: Exclude<UpstreamDialResult, { type: "accepted" }>, report: OpeningReport): void {
  switch (result.type) {
    case "refused":
      return report.reject("upstream_refused", result.rejection);
    case "unreachable":
      return report.refuse("upstream_unreachable", 502, "The upstream cannot be reached.", result.detail);
    case "exhausted":
      return report.refuse("exhausted", 503, "The gateway has no connection left for the upstream.", result.detail);
    case "busy":
      return report.refuse("limited", 503, "Too many openings wait for the upstream.", "upstream_waiting");
    case "timeout":
      return report.refuse("upstream_timeout", 504, "The upstream did not answer in time.", result.detail);
    case "invalid": {
      const sentence = "The upstream's answer to the opening handshake is invalid.";
      return report.refuse("upstream_invalid", 502, sentence, result.detail);
    }
    case "aborted":
      return;
    default:
      result satisfies never;
  }
}

function relay(
  opening: Opening,
  { name, config, upstream }: UpstreamRoute,
  { answer, stream }: { readonly answer: OpeningAnswer; readonly stream: ByteStream },
  report: OpeningReport,
  context: StreamContext,
  release: () => void,
): void {
  const client = acceptOrAbort(opening, answer, stream);
  report.accepted();
  const served = new ServedStream(
    opening,
    {
      route: name,
      upstream: upstream.name,
      limits: config.streams,
      tail: config.tail,
      agreement: answer,
      trace: report.trace,
    },
    context,
    release,
  );
  const relay = new Relay(client, stream, {
    allowedRsv: allowedRsvOf(answer.extensions),
    limits: config.streams,
    maxBufferedBytes: config.streams.maxBufferedBytes,
    closing: context.closing,
    lingering: lingerMsOf(opening) === undefined ? undefined : context.lingering,
    stallMs: context.deadlines.writeStallMs,
    toUpstream: served.toUpstream,
    toClient: served.toClient,
    onPingAnswered: served.onPingAnswered,
    onLimit: served.onLimit,
    onEnded: served.onEnded,
  });
  served.begin(relay);
  relay.start();
}

function acceptOrAbort(opening: Opening, answer: OpeningAnswer, upstream: ByteStream): ByteStream {
  try {
    return opening.accept(answer);
  } catch (error) {
    upstream.abort("cancel");
    throw error;
  }
}
