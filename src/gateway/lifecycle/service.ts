import type { AddressInfo } from "node:net";
import type { Config } from "../config/config.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { StreamsMember } from "../telemetry/streams-member.ts";
import type { ConfigDiff } from "./config-diff.ts";

/** A change to another config that is certain to succeed. Exactly one of the two is called. */
export interface ServiceChange {
  /**
   * What comes from the moment of the call on is served by the new config. Resolves when that holds everywhere, with a line
   * about each worker there is.
   */
  commit(): Promise<readonly string[]>;
  undo(): Promise<void>;
}

/** What serves clients by a config: this process, or workers. */
export interface Service {
  /** Told of configs and reloads. */
  readonly metrics: Metrics;
  /** The live streams of each process there is. */
  readonly views: readonly StreamsMember[];
  /** What a scrape gets. */
  readonly page: Pick<Metrics, "scrape" | "families">;
  /** Resolves with the reason if it cannot go on; then it is to be stopped. */
  readonly failed: Promise<Error>;
  /** Whether anybody is there to take connections. */
  readonly isServing: boolean;
  /** Where the listener `name` listens. */
  addressOf(name: string): AddressInfo | undefined;
  /** How many streams there are, for people: `3 streams`. */
  describeStreams(): Promise<string>;
  /**
   * Loads what the routes lead to, does `beforeListening` and listens.
   *
   * @throws Error naming the listener, handler or folder at fault; `destroy` clears up.
   */
  start(beforeListening: () => Promise<void>): Promise<void>;
  /**
   * Does all of a change that can fail; until its end everything is as before.
   *
   * @throws Error that says what is wrong; nothing has changed then.
   */
  prepare(config: Config, diff: ConfigDiff): Promise<ServiceChange>;
  /** Stops taking connections and closes every stream; resolves when they are gone, soon after `drainMs` at the latest. */
  drain(): Promise<void>;
  /** Ends what is left at once. */
  destroy(): Promise<void>;
  /** Cuts everything; a drain under way resolves soon. */
  abort(): void;
}
