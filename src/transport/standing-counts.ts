/** The HTTP version that is spoken on a connection to an upstream. */
type SpokenVersion = "h1" | "h2";

/** How many connections to one upstream stand, by what is spoken on them. */
export class StandingCounts {
  h1 = 0;
  h2 = 0;
  /** One for all connections of a kind, so that none of them costs an object. */
  readonly #closed = { h1: (): number => this.h1--, h2: (): number => this.h2-- };

  /** One stands, until `connection` closes. */
  add(connection: { on(event: "close", listener: () => void): unknown }, version: SpokenVersion): void {
    this[version]++;
    connection.on("close", this.#closed[version]);
  }
}
