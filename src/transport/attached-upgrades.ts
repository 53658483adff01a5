import type { IncomingMessage } from "node:http";
import type { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { NoWebSocketHere } from "../protocol/handshake/opening-refusal.ts";
import type { OpeningRejection } from "../protocol/handshake/opening-request.ts";
import { claiming, countStrangers, isFirstOfOurs, isTaken } from "./attached-claims.ts";
import type { AttachedContext } from "./attached-context.ts";
import { attachedFacts } from "./attached-facts.ts";
import { upgradeOpening } from "./h1-opening.ts";
import { isWebSocketUpgrade, judgeUpgrade } from "./h1-request.ts";
import { encodeLastResponse } from "./h1-response.ts";
import { closeLingering } from "./lingering-close.ts";
import { RefusedOpenings } from "./refused-request.ts";

/** The HTTP/1.1 openings of a server of node's that somebody else runs. */
export class AttachedUpgrades {
  readonly #server: EventEmitter;
  readonly #context: AttachedContext;
  readonly #restoreCallback: () => void;

  constructor(server: EventEmitter, context: AttachedContext) {
    this.#server = server;
    this.#context = context;
    claiming(this.#onUpgrade, context.takes);
    this.#restoreCallback = this.#narrowCallback();
    server.on("upgrade", this.#onUpgrade);
  }

  detach(): void {
    this.#server.off("upgrade", this.#onUpgrade);
    this.#restoreCallback();
  }

  readonly #onUpgrade = (request: IncomingMessage, _stream: Duplex, head: Uint8Array): void => {
    const { takes } = this.#context;
    // What the event has beside the request may be a stream of node's own around the socket.
    const { socket } = request;
    const path = request.url ?? "";
    if (!isWebSocketUpgrade(request) || !takes(path)) return this.#leave(request, path);
    letGo(request);
    whenAnswered(socket, (isBehindRequest) => {
      if (!isBehindRequest) return this.#open(request, head);
      // Its frames would be read as what comes behind the answer to the request before.
      const { refusal, rejection } = RefusedOpenings.pipelined;
      this.#context.sink.refused(refusal, attachedFacts(socket, this.#context.nextConnectionId(), "1.1"));
      refuseOn(socket, rejection);
    });
  };

  #open(request: IncomingMessage, head: Uint8Array): void {
    const { sink, headers, deadlines, isDraining, nextConnectionId } = this.#context;
    const { socket } = request;
    const facts = attachedFacts(socket, nextConnectionId(), "1.1");
    const judged = isDraining() ? RefusedOpenings.draining : judgeUpgrade(request, headers, facts.secure);
    if ("refusal" in judged) {
      sink.refused(judged.refusal, facts);
      return refuseOn(socket, judged.rejection);
    }
    const { answerMs } = deadlines;
    sink.opening(upgradeOpening(judged, { socket, connection: socket, facts, head, answerMs }));
  }

  #leave(request: IncomingMessage, path: string): void {
    const listeners = this.#server.listeners("upgrade");
    const isLeft = countStrangers(listeners) > 0 || isTaken(listeners, path);
    if (isLeft || !isFirstOfOurs(listeners, this.#onUpgrade)) return;
    letGo(request);
    whenAnswered(request.socket, () => refuseOn(request.socket, NoWebSocketHere));
  }

  /**
   * Where nobody listens for Upgrades, node:http ignores them and the request is served. Our listening must not change that
   * for other protocols than websocket, such as the h2c that curl offers. Returns what undoes it.
   */
  #narrowCallback(): () => void {
    const server = this.#server;
    const before: unknown = Reflect.get(server, "shouldUpgradeCallback");
    if (typeof before !== "function") return () => undefined;
    let isAttached = true;
    const narrowed = (request: IncomingMessage): boolean => {
      if (isAttached && isWebSocketUpgrade(request)) return true;
      if (isAttached && countStrangers(server.listeners("upgrade")) === 0) return false;
      return Reflect.apply(before, server, [request]) === true;
    };
    Reflect.set(server, "shouldUpgradeCallback", narrowed);
    return () => {
      isAttached = false;
      if (Reflect.get(server, "shouldUpgradeCallback") === narrowed)
        Reflect.set(server, "shouldUpgradeCallback", before);
    };
  }
}

function letGo(request: IncomingMessage): void {
  request.on("error", () => undefined);
  request.socket.on("error", () => undefined);
}

/**
 * Calls `then` when no answer to an earlier request is under way on `socket`, and tells whether one was: node:http emits an
 * Upgrade although it is pipelined behind requests, whose answers would be written between its frames.
 */
function whenAnswered(socket: Socket, then: (hadToWait: boolean) => void, hadToWait = false): void {
  const answer: unknown = Reflect.get(socket, "_httpMessage");
  if (!isEmitter(answer)) return then(hadToWait);
  answer.once("close", () => setImmediate(() => whenAnswered(socket, then, true)));
}

function isEmitter(value: unknown): value is Pick<EventEmitter, "once"> {
  return typeof value === "object" && value !== null && "once" in value;
}

function refuseOn(socket: Socket, rejection: OpeningRejection): void {
  socket.write(encodeLastResponse(rejection));
  closeLingering(socket);
}
