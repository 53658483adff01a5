/** Something that takes bytes from strangers. */
export interface FuzzTarget {
  /** Names its corpus too: words and dashes. */
  readonly name: string;
  /** What inputs are made of; each is an input by itself. */
  readonly pieces: readonly Uint8Array[];
  /** Sets up what all runs share. */
  start(): FuzzSubject | Promise<FuzzSubject>;
}

/** A target at work. */
export interface FuzzSubject {
  /**
   * Takes one input and says in a few words what came of it. Whatever it throws is a fault of the code under test.
   */
  run(input: Uint8Array): string | Promise<string>;
  stop?(): Promise<void>;
}

/** Throws what `faults` say, if they say anything. */
export function refuseFaults(faults: readonly string[]): void {
  if (faults.length > 0) throw new Error(faults.join("; "));
}
