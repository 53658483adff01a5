import type { Dispatcher } from "undici";
import type { FieldLines } from "../../protocol/handshake/opening-request.ts";
import { Deadline } from "../../transport/deadline.ts";
import type { ConnectionFacts, HttpExchange, OpeningGone } from "../../transport/opening.ts";
import type { AddressConfig } from "../config/config.ts";
import type { RequestResult } from "../telemetry/request-metrics.ts";
import { protocolOf } from "../telemetry/stream-registry.ts";
import { hostFor } from "./host-field.ts";
import type { ConnectionTaker, HttpUpstream } from "./http-upstream.ts";
import type { LiveStream } from "./live-streams.ts";
import {
  isEventStream,
  trailerFields,
  tryRequestFields,
  tryResponseFields,
  type ReceivedFields,
} from "./proxy-fields.ts";
import type { RequestContext, RequestReport } from "./request-report.ts";
import { ResponseRelay } from "./response-relay.ts";
import type { UpstreamRoute } from "./site.ts";
import type { UpstreamConnection } from "./upstream-connections.ts";
import {
  answerFailure,
  connectFailure,
  InvalidAnswer,
  isConnectionEnd,
  NoAnswerInTime,
  NoFreeConnection,
  Stopping,
  type RequestFailure,
} from "./request-failure.ts";

type Controller = Dispatcher.DispatchController;

/** Safe to be sent a second time (RFC 9110 §9.2.2), where they have no content. */
const Repeatable: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** Before the response itself, to one request. */
const MaxInterimResponses = 64;

/** A route that passes ordinary requests on. */
export type ProxyRoute = Pick<UpstreamRoute, "name" | "hostField"> & { readonly http: HttpUpstream };

/** Passes `exchange` on to the upstream of `route`, and its answer back. */
export function proxyExchange(
  exchange: HttpExchange,
  route: ProxyRoute,
  report: RequestReport,
  context: RequestContext,
): void {
  const fields = tryRequestFields(exchange, context.trustedProxies);
  if (fields === undefined) return report.refuse("failed", 400, "The content has no certain length.");
  new ProxiedRequest(exchange, route, fields, report, context).start();
}

/**
 * One request on its way, from the wait for a connection to the end of its answer:
 *
 *     waiting ──▶ sending ──▶ sent ──▶ answering ──▶ over
 *        ▲           │         │                      ▲
 *        └───────────┴─────────┴── nothing was heard ─┘
 *
 * undici tells it of the upstream, the exchange of the client, whom the acceptor holds to its own deadlines. `#end` is the
 * only way out: it lets go of both.
 */
class ProxiedRequest implements ConnectionTaker, Dispatcher.DispatchHandler, LiveStream {
  readonly route: string;
  readonly connection: ConnectionFacts;
  readonly #exchange: HttpExchange;
  readonly #to: ProxyRoute;
  readonly #fields: string[];
  readonly #report: RequestReport;
  readonly #context: RequestContext;
  /** A connection has to be found; the request was sent and has to be answered. */
  readonly #answerDeadline: Deadline;
  /** The upstream has to take the content, or to give its own. */
  readonly #idleDeadline: Deadline;
  #state: "waiting" | "sending" | "sent" | "answering" | "over" = "waiting";
  #untried: readonly AddressConfig[];
  #hasRepeated = false;
  /** The connection it has, and what of it is written and heard there. */
  #upstream: UpstreamConnection | undefined;
  #controller: Controller | undefined;
  #isHeard = false;
  #answer: ResponseRelay | undefined;
  #isEventStream = false;
  #interimResponses = 0;

  /** @param fields - those for the upstream, with room for the host at index 1. */
  constructor(
    exchange: HttpExchange,
    route: ProxyRoute,
    fields: string[],
    report: RequestReport,
    context: RequestContext,
  ) {
    this.route = route.name;
    this.connection = exchange.connection;
    this.#exchange = exchange;
    this.#to = route;
    this.#fields = fields;
    this.#report = report;
    this.#context = context;
    this.#untried = route.http.inTurn();
    this.#answerDeadline = new Deadline(route.http.responseTimeoutMs, () => this.#onAnswerDeadline());
    this.#idleDeadline = new Deadline(context.deadlines.bodyIdleMs, () => this.#onIdle());
  }

  start(): void {
    this.#context.live.add(this);
    this.#exchange.onGone = (reason) => this.#onGone(reason);
    this.#connect(this.#untried, false);
  }

  /** A request may finish. An event stream would not, but its client comes back by itself. */
  close(): void {
    if (!this.#isEventStream) return;
    this.#answer?.end();
    this.#end("draining");
  }

  abort(): void {
    this.#fail(Stopping);
  }

  #connect(addresses: readonly AddressConfig[], isFresh: boolean): void {
    if (this.#state === "over") return;
    this.#state = "waiting";
    if (!this.#to.http.connect(this, addresses, isFresh)) this.#fail(NoFreeConnection);
    else if (this.#upstream === undefined && this.#state === "waiting") this.#answerDeadline.start();
  }

  take(connection: UpstreamConnection | undefined): void {
    if (connection === undefined) return this.abort();
    this.#answerDeadline.clear();
    this.#state = "sending";
    this.#upstream = connection;
    this.#controller = undefined;
    this.#isHeard = false;
    const { method, path, authority, body = null } = this.#exchange;
    this.#fields[1] = hostFor(this.#to.hostField, { client: authority, address: connection.address.authority });
    connection.send({ method, path, headers: this.#fields, body }, this);
  }

  onRequestStart(controller: Controller): void {
    if (this.#state === "over") return controller.abort(new Error("nobody waits for it"));
    this.#controller = controller;
    if (this.#exchange.body !== undefined) this.#idleDeadline.start();
  }

  onBodySent(chunk: Uint8Array): void {
    this.#report.bytesIn += chunk.length;
    if (this.#state === "sending") this.#idleDeadline.start();
    // An answer that has begun may be about content that is still to come.
    else if (this.#state === "answering") this.#answer?.stir();
  }

  onRequestSent(): void {
    if (this.#state !== "sending") return;
    this.#state = "sent";
    this.#idleDeadline.clear();
    this.#answerDeadline.start();
  }

  onResponseStarted(): void {
    this.#isHeard = true;
  }

  onResponseStart(controller: Controller, status: number, received: ReceivedFields): void {
    if (this.#state === "over") return;
    const fields = tryResponseFields(status, received);
    if (fields === undefined) return this.#fail(InvalidAnswer);
    if (status < 200) return this.#inform(status, fields);
    const body = this.#exchange.begin({ status, fields });
    this.#state = "answering";
    this.#report.status = status;
    this.#answerDeadline.clear();
    this.#idleDeadline.clear();
    this.#isEventStream = isEventStream(received);
    this.#answer = new ResponseRelay(body, controller, this.#isEventStream ? undefined : this.#idleDeadline);
  }

  /** An interim response gives the upstream more time, and waits for a client that does not read: so they are counted. */
  #inform(status: number, fields: FieldLines): void {
    if (++this.#interimResponses > MaxInterimResponses) return this.#fail(InvalidAnswer);
    if (this.#state === "sent") this.#answerDeadline.start();
    this.#exchange.inform(status, fields);
  }

  onResponseData(_: Controller, chunk: Buffer): void {
    if (this.#state !== "answering") return;
    this.#report.bytesOut += chunk.length;
    this.#answer?.write(chunk);
  }

  onResponseEnd(_: Controller, trailers: ReceivedFields): void {
    const connection = this.#release(true);
    if (this.#state === "over") return;
    if (connection?.hasFailed === true) return this.#cut("upstream_aborted");
    this.#answer?.end(trailerFields(trailers));
    this.#end("answered");
  }

  onResponseError(_: unknown, error: Error): void {
    const connection = this.#release(false);
    if (this.#state === "over") return;
    if (this.#answer !== undefined) return this.#cut("upstream_aborted");
    if (this.#mayRepeat(connection, error)) return this.#repeat();
    if (this.#controller === undefined) return this.#tryNext(connection, error);
    this.#fail(answerFailure(error));
  }

  /** Nothing of the request has been sent: any other address may be asked. */
  #tryNext(connection: UpstreamConnection | undefined, error: Error): void {
    const failure = connectFailure(error);
    const rest = this.#untried.filter((address) => address !== connection?.address);
    if (failure.isFinal || rest.length === 0 || rest.length === this.#untried.length) return this.#fail(failure);
    this.#untried = rest;
    // undici may be within its own loop over this very connection.
    queueMicrotask(() => this.#connect(rest, false));
  }

  /** Whether the request was lost together with a connection kept alive, and can be sent once more. */
  #mayRepeat(connection: UpstreamConnection | undefined, error: Error): boolean {
    if (this.#hasRepeated || connection?.hasAnswered !== true || !isConnectionEnd(error)) return false;
    const { method, body } = this.#exchange;
    const isUnsent = this.#controller === undefined;
    return isUnsent || (!this.#isHeard && body === undefined && Repeatable.has(method));
  }

  #repeat(): void {
    this.#hasRepeated = true;
    queueMicrotask(() => this.#connect(this.#untried, true));
  }

  #onAnswerDeadline(): void {
    this.#fail(this.#state === "waiting" ? NoFreeConnection : NoAnswerInTime);
  }

  #onIdle(): void {
    if (this.#answer !== undefined) return this.#cut("upstream_timeout");
    // Else it is the client that is slow.
    if (this.#exchange.body?.isPaused() === true) this.#fail(NoAnswerInTime);
    else this.#idleDeadline.start();
  }

  #onGone(reason: OpeningGone): void {
    if (reason === "client-left") return this.#end("client_left");
    if (this.#answer !== undefined) this.#context.limitHit("write_stall", protocolOf(this.connection));
    // What the acceptor has answered in our place.
    else this.#report.status = this.#state === "sending" ? 408 : 504;
    this.#end("deadline");
  }

  /** Answers `failure`, or cuts the answer off where it has begun. */
  #fail(failure: RequestFailure): void {
    if (this.#state === "over") return;
    if (this.#answer !== undefined) return this.#cut(failure.result);
    if (failure.limit !== undefined) this.#context.limitHit(failure.limit, protocolOf(this.connection));
    this.#report.fail(failure);
    this.#end(failure.result);
  }

  #cut(result: RequestResult): void {
    this.#answer?.cut();
    this.#end(result);
  }

  #release(isAnswered: boolean): UpstreamConnection | undefined {
    const connection = this.#upstream;
    this.#upstream = undefined;
    connection?.release(isAnswered);
    return connection;
  }

  #end(result: RequestResult): void {
    if (this.#state === "over") return;
    if (this.#state === "waiting") this.#to.http.withdraw(this);
    this.#state = "over";
    this.#answerDeadline.clear();
    this.#idleDeadline.clear();
    this.#exchange.onGone = undefined;
    this.#context.live.delete(this);
    this.#report.over(result);
    // One that is still connecting is let go of when the request would be written.
    if (this.#upstream === undefined || this.#controller === undefined) return;
    this.#upstream.reset();
    this.#controller.abort(new Error("nobody waits for it"));
    this.#release(false);
  }
}
