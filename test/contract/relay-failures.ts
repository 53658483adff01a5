import { describe, test } from "vitest";
import { Relay, type RelayEnding, type RelayLimit } from "../../src/gateway/serving/relay.ts";
import { binaryFrame, textFrame } from "../../src/protocol/frame/frame.ts";
import type { MessageLimits } from "../../src/protocol/frame/message-meter.ts";
import { Traffic } from "../../src/protocol/frame/traffic.ts";
import { DeadlineList } from "../../src/transport/deadline-list.ts";
import type { ByteStream } from "../../src/transport/byte-stream.ts";
import { NoLimits } from "../support/pipe-bench.ts";
import { RelayEndpoint, type RelayPeer } from "../support/relay-endpoint.ts";
import { closeRows } from "./relay-failures/close-rows.ts";
import type { Deadline, FailureBench, FailureRow } from "./relay-failures/failure-row.ts";
import { gatewayRows } from "./relay-failures/gateway-rows.ts";
import { limitRows } from "./relay-failures/limit-rows.ts";
import { lossRows } from "./relay-failures/loss-rows.ts";
import { ruleRows } from "./relay-failures/rule-rows.ts";

/** The two streams of a relay and what stands behind them. */
export interface RelayLegs {
  readonly client: ByteStream;
  readonly upstream: ByteStream;
  readonly clientPeer: RelayPeer;
  readonly upstreamPeer: RelayPeer;
  close(): Promise<void>;
}

/** How a kind of legs is driven, and how it differs from what the table says. */
export interface LegTraits extends Readonly<Record<Deadline, number>> {
  /** Moves the fake clock. */
  readonly advance: (ms: number) => unknown;
  /** Lets arrive what is on its way. */
  readonly settled: (legs: RelayLegs) => Promise<unknown>;
  /** Timers of the fake clock that were not stopped, where they are the relay's alone. */
  readonly timersLeft?: () => number;
  readonly has: readonly FailureRow["needs"][];
  /** What a side sees where the table says `line`, if that is something else. */
  readonly forms: Readonly<Record<RelayEndpoint["side"], (line: string) => readonly string[]>>;
  readonly pipeBytes: number;
}

/** Plays each row of the failure table on made-up or real legs. */
export function describeRelayFailures(name: string, openLegs: () => Promise<RelayLegs>, traits: LegTraits): void {
  describe.each([
    { part: "Closes", rows: closeRows },
    { part: "ends and losses", rows: lossRows },
    { part: "broken rules", rows: ruleRows },
    { part: "limits", rows: limitRows },
    { part: "the gateway itself", rows: gatewayRows },
  ])(`failure table on ${name}: $part`, ({ rows }) => {
    const playable = rows.filter(({ needs }) => needs === undefined || traits.has.includes(needs));
    // Megabytes pass in some rows, and other suites run beside this one.
    test.for(playable)("$event · $at", { timeout: 20_000 }, async (row, { expect, onTestFinished }) => {
      const legs = await openLegs();
      onTestFinished(() => legs.close());
      const bench = new Bench(legs, traits, row.limits);
      await bench.prepare(row);
      await row.act(bench);
      expect(await bench.endingsBefore(row.after ?? [])).toEqual([]);
      expect(await bench.outcome()).toEqual({
        client: row.clientSees.flatMap(traits.forms.client),
        upstream: row.upstreamSees.flatMap(traits.forms.upstream),
        counted: [row.counted],
        limitsHit: row.limitsHit ?? (row.after?.includes("closeMs") === true ? ["close_deadline"] : []),
        timersLeft: 0,
      });
    });
  });
}

/** A relay that relays: a message has gone each way, and where the row says so the beginning of a frame. */
class Bench implements FailureBench {
  readonly client: RelayEndpoint;
  readonly upstream: RelayEndpoint;
  readonly relay: Relay;
  readonly #endings: string[] = [];
  readonly #limitsHit: RelayLimit[] = [];
  readonly #traits: LegTraits;
  readonly #legs: RelayLegs;
  readonly pipeBytes: number;
  #onChange: (() => void) | undefined;

  constructor(legs: RelayLegs, traits: LegTraits, limits: Partial<MessageLimits> = {}) {
    this.client = new RelayEndpoint("client", legs.clientPeer, () => this.#onChange?.());
    this.upstream = new RelayEndpoint("upstream", legs.upstreamPeer, () => this.#onChange?.());
    this.#traits = traits;
    this.pipeBytes = traits.pipeBytes;
    this.#legs = legs;
    this.relay = new Relay(legs.client, legs.upstream, {
      allowedRsv: 0,
      limits: { ...NoLimits, ...limits },
      maxBufferedBytes: legs.client.highWaterBytes,
      closing: new DeadlineList(traits.closeMs),
      stallMs: traits.stallMs,
      toUpstream: new Traffic(),
      toClient: new Traffic(),
      onLimit: (limit) => void this.#limitsHit.push(limit),
      onEnded: (ending) => this.#onEnded(ending),
    });
    this.relay.start();
  }

  readonly until = async (holds: () => boolean): Promise<void> => {
    if (holds()) return;
    await new Promise<void>((resolve) => {
      this.#onChange = () => {
        if (holds()) resolve();
      };
    });
  };

  readonly settled = async (): Promise<void> => void (await this.#traits.settled(this.#legs));

  readonly pass = (deadline: Deadline): Promise<void> => this.#advance(this.#traits[deadline]);

  async prepare({ midFrame = [], client: clientManner, upstream: upstreamManner }: FailureRow): Promise<void> {
    const { client, upstream } = this;
    client.say(textFrame("hello"));
    upstream.say(textFrame("welcome"));
    await this.until(() => client.log.length > 0 && upstream.log.length > 0);
    for (const side of [client, upstream]) side.log.length = 0;
    const frame = binaryFrame(new Uint8Array(10));
    if (midFrame.includes("toUpstream")) {
      client.begin(frame);
      await this.until(() => upstream.unreadBytes === 10);
    }
    if (midFrame.includes("toClient")) {
      upstream.begin(frame);
      await this.until(() => client.unreadBytes === 6);
    }
    client.behave(clientManner ?? "answers");
    upstream.behave(upstreamManner ?? "answers");
  }

  /** Lets the fake clock pass `deadlines`, and returns which endings were counted a millisecond before that. */
  async endingsBefore(deadlines: readonly Deadline[]): Promise<readonly string[]> {
    const afterMs = deadlines.reduce((sum, deadline) => sum + this.#traits[deadline], 0);
    if (afterMs === 0) return [];
    await this.#advance(afterMs - 1);
    const endings = [...this.#endings];
    await this.#advance(1);
    return endings;
  }

  /** What both sides saw and what was counted, once the relay has ended and both sides have seen all. */
  async outcome() {
    await this.until(() => this.#endings.length > 0);
    for (const side of [this.client, this.upstream]) {
      side.probe();
      await this.until(() => side.isOver);
    }
    const seen = ({ manner, log }: RelayEndpoint): string[] => (manner === "deaf" ? log.slice(-1) : log);
    const timersLeft = this.#traits.timersLeft?.() ?? 0;
    return {
      client: seen(this.client),
      upstream: seen(this.upstream),
      counted: this.#endings,
      limitsHit: this.#limitsHit,
      timersLeft,
    };
  }

  async #advance(ms: number): Promise<void> {
    await this.settled();
    await this.#traits.advance(ms);
    await this.settled();
  }

  #onEnded({ initiator, code, cause }: RelayEnding): void {
    this.#endings.push(`${initiator} ${code} ${cause}`);
    this.#onChange?.();
  }
}
