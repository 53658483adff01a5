import { textRejection } from "../protocol/handshake/opening-refusal.ts";
import type { OpeningRejection } from "../protocol/handshake/opening-request.ts";
import { clientOf } from "../transport/client-address.ts";
import type { ConnectionFacts } from "../transport/opening.ts";
import { Tally } from "../transport/tally.ts";
import { OpeningRate, type Rate } from "./opening-rate.ts";
import { retryAfter } from "./retry-after.ts";

/** How many WebSockets may be open; `undefined`: any number. */
export interface AdmissionLimits {
  readonly maxStreams: number;
  /** On one TCP connection: over HTTP/2 it may have many. */
  readonly maxStreamsPerConnection: number;
  readonly maxStreamsPerAddress: number | undefined;
  /** How fast one client address may open them. */
  readonly openingRate: Rate | undefined;
}

/** The limits of this file: whose they are tells the status (RFC 6585 §4, RFC 9110 §15.6.4). */
const Refusals = {
  opening_rate: { status: 429, sentence: "This client opens WebSockets too fast." },
  streams: { status: 503, sentence: "As many WebSockets are open here as there may be." },
  streams_per_route: { status: 503, sentence: "As many WebSockets are open on this path as there may be." },
  streams_per_connection: { status: 429, sentence: "As many WebSockets are open on this connection as there may be." },
  streams_per_address: { status: 429, sentence: "This client has as many WebSockets open as it may." },
} as const;
type AdmissionLimit = keyof typeof Refusals;

/** Whether an opening may go on. */
export type AdmissionResult =
  | {
      readonly type: "admitted";
      /** Gives its place back: to be called when the WebSocket, or its refused opening, is over. Later calls do nothing. */
      readonly release: () => void;
    }
  | { readonly type: "refused"; readonly limit: AdmissionLimit; readonly rejection: OpeningRejection };

/** The client without an address, as on a unix socket: who that is nobody can tell, so it has no limit of its own. */
const Nobody = "";

/** What an opening is counted under. */
interface Place {
  readonly route: string;
  readonly connection: number;
  readonly client: string;
}

/**
 * Who may open another WebSocket: counts those that are open, and those that are not answered yet, so that a storm
 * of openings is bounded like a storm of streams. Takes memory for those alone and, for the rate, what `OpeningRate` says.
 * The client is the address of the connection as `clientOf` counts it: a proxy in front without PROXY protocol is one client.
 */
export class Admission {
  readonly #now: () => number;
  readonly #rate: OpeningRate;
  readonly #routes = new Tally<string>();
  readonly #connections = new Tally<number>();
  readonly #clients = new Tally<string>();
  #limits: AdmissionLimits;
  #streams = 0;

  /** `now` is in milliseconds and never steps back. */
  constructor(limits: AdmissionLimits, now: () => number = () => performance.now()) {
    this.#limits = limits;
    this.#now = now;
    this.#rate = new OpeningRate(limits.openingRate);
  }

  /** Other limits from now on. What is open stays counted, and stays open where it is more than the new limits allow. */
  update(limits: AdmissionLimits): void {
    this.#limits = limits;
    this.#rate.update(limits.openingRate);
  }

  /** Takes a place for an opening on `route`, or tells the limit it hits. Either way it counts toward its client's rate. */
  admit(
    { id, remoteAddress }: Pick<ConnectionFacts, "id" | "remoteAddress">,
    { name, maxStreams }: { readonly name: string; readonly maxStreams: number | undefined },
  ): AdmissionResult {
    const place: Place = { route: name, connection: id, client: clientOf(remoteAddress) };
    const waitMs = place.client === Nobody ? 0 : this.#rate.take(place.client, this.#now());
    if (waitMs > 0) return refused("opening_rate", Math.ceil(waitMs / 1000));
    const limit = this.#fullLimit(place, maxStreams);
    return limit === undefined ? this.#admitted(place) : refused(limit);
  }

  #fullLimit({ route, connection, client }: Place, maxOfRoute = Infinity): AdmissionLimit | undefined {
    const { maxStreams, maxStreamsPerConnection, maxStreamsPerAddress = Infinity } = this.#limits;
    if (this.#streams >= maxStreams) return "streams";
    if (this.#routes.of(route) >= maxOfRoute) return "streams_per_route";
    if (this.#connections.of(connection) >= maxStreamsPerConnection) return "streams_per_connection";
    if (client !== Nobody && this.#clients.of(client) >= maxStreamsPerAddress) return "streams_per_address";
    return undefined;
  }

  #admitted(place: Place): AdmissionResult {
    this.#streams += 1;
    this.#routes.add(place.route);
    this.#connections.add(place.connection);
    this.#clients.add(place.client);
    let isReleased = false;
    return {
      type: "admitted",
      release: () => {
        if (isReleased) return;
        isReleased = true;
        this.#streams -= 1;
        this.#routes.remove(place.route);
        this.#connections.remove(place.connection);
        this.#clients.remove(place.client);
      },
    };
  }
}

function refused(limit: AdmissionLimit, retrySeconds?: number): AdmissionResult {
  const { status, sentence } = Refusals[limit];
  return { type: "refused", limit, rejection: textRejection(status, sentence, retryAfter(retrySeconds)) };
}
