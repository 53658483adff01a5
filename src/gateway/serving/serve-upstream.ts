import { allowedRsvOf } from "../../protocol/handshake/negotiation.ts";
import type { OpeningAnswer } from "../../protocol/handshake/opening-request.ts";
import type { ByteStream } from "../../transport/byte-stream.ts";
import { dial, type DialRequest, type DialResult } from "../../transport/dialer.ts";
import type { Opening } from "../../transport/opening.ts";
import type { HostField } from "../config/config.ts";
import { upstreamFields } from "../routing/forwarded-fields.ts";
import type { LiveStream } from "./live-streams.ts";
import type { OpeningReport } from "./opening-report.ts";
import { Relay } from "./relay.ts";
import type { UpstreamRoute } from "./site.ts";
import { lingerMsOf, streamFactsOf, type ServingContext } from "./serving-context.ts";

/**
 * Dials first and answers then: the upstream's own answer decides what the client is told. The next address is tried
 * where one cannot be reached, since nothing was sent to it yet. Never rejects.
 */
export async function serveUpstream(
  opening: Opening,
  route: UpstreamRoute,
  report: OpeningReport,
  context: ServingContext,
): Promise<void> {
  const waiting = new WaitingOpening(opening, report);
  context.live.add(waiting);
  try {
    const result = await dialInTurn(opening, route, waiting.signal, context);
    answer(opening, route, result, report, context);
  } catch (error) {
    // What neither the dialer nor the acceptor foresaw in a peer's fields costs this opening alone.
    const detail = error instanceof Error ? error.name : typeof error;
    report.refuse("upstream_invalid", 502, "The opening cannot be carried over to the upstream.", detail);
  } finally {
    context.live.delete(waiting);
  }
}

/** An opening whose upstream has not answered yet: the client's leaving, its deadline or a drain ends the dial. */
class WaitingOpening implements LiveStream {
  readonly #dialing = new AbortController();
  readonly #report: OpeningReport;

  constructor(opening: Opening, report: OpeningReport) {
    this.#report = report;
    opening.onGone = (reason) => {
      if (reason === "client-left") report.answered("client_left", 0);
      else report.answered("deadline", 504);
      this.#dialing.abort();
    };
  }

  get signal(): AbortSignal {
    return this.#dialing.signal;
  }

  close(): void {
    this.#report.refuse("draining", 503, "The gateway is stopping.");
    this.#dialing.abort();
  }

  abort(): void {
    this.close();
  }
}

async function dialInTurn(
  opening: Opening,
  { upstream, hostField }: UpstreamRoute,
  signal: AbortSignal,
  { trustedProxies }: ServingContext,
): Promise<DialResult> {
  const { request, connection, streamId } = opening;
  const fields = upstreamFields(request, connection, streamId, trustedProxies);
  const { subprotocols, extensions, path } = request;
  let result: DialResult = { type: "unreachable", detail: "no address" };
  for (const address of upstream.inTurn()) {
    const dialed: DialRequest = {
      authority: authorityOf(hostField, { client: request.authority, address: address.authority }),
      path,
      subprotocols,
      extensions,
      fields,
    };
    result = await dial(address, dialed, { ...upstream.timeouts, signal });
    if (!mayTryAnother(result)) break;
  }
  return result;
}

/** Whether the request has reached nobody yet. */
function mayTryAnother(result: DialResult): boolean {
  return result.type === "unreachable" || (result.type === "timeout" && !result.asked);
}

function answer(
  opening: Opening,
  route: UpstreamRoute,
  result: DialResult,
  report: OpeningReport,
  context: ServingContext,
): void {
  switch (result.type) {
    case "accepted":
      if (report.isOver) result.stream.abort("cancel");
      else relay(opening, route, result, report, context);
      return;
    case "refused":
      return report.reject("upstream_refused", result.rejection);
    case "unreachable":
      return report.refuse("upstream_unreachable", 502, "The upstream cannot be reached.", result.detail);
    case "timeout":
      return report.refuse("upstream_timeout", 504, "The upstream did not answer in time.", result.detail);
    case "invalid":
      return report.refuse(
        "upstream_invalid",
        502,
        "The upstream's answer to the opening handshake is invalid.",
        result.detail,
      );
    case "aborted":
      return;
    default:
      result satisfies never;
  }
}

function relay(
  opening: Opening,
  { name, upstream }: UpstreamRoute,
  { answer, stream }: { readonly answer: OpeningAnswer; readonly stream: ByteStream },
  report: OpeningReport,
  { live, streams, limits }: ServingContext,
): void {
  const client = acceptOrAbort(opening, answer, stream);
  report.accepted();
  const record = streams.open(streamFactsOf(opening, name, upstream.name));
  const relay = new Relay(client, stream, {
    allowedRsv: allowedRsvOf(answer.extensions),
    closeMs: limits.closeMs,
    lingerMs: lingerMsOf(opening),
    stallMs: limits.writeStallMs,
    toUpstream: record.toUpstream,
    toClient: record.toClient,
    onEnded: (ending) => {
      live.delete(relay);
      record.close(ending);
    },
  });
  live.add(relay);
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

function authorityOf(
  field: HostField,
  { client, address }: { readonly client: string; readonly address: string },
): string {
  switch (field.type) {
    case "keep":
      return client;
    case "upstream":
      return address;
    case "literal":
      return field.authority;
    default:
      return field satisfies never;
  }
}
