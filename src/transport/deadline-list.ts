/** What may not take for ever. */
export interface Expiring {
  /** Told that its deadline has passed, and runs no longer. Must not throw. */
  expire(): void;
}

/** A deadline that runs. */
export interface RunningDeadline {
  /** It runs no longer. Nothing if it has passed. */
  clear(): void;
}

/** The longest that a timer of Node can wait; more would fire at once. */
const MaxTimerMs = 2 ** 31 - 1;

/**
 * Deadlines that are all of one length, with one timer for all of them: who began first is late first. So one of them costs
 * a small object, whatever it is that nearly always ends before it. None runs: no timer.
 */
export class DeadlineList {
  readonly #timeoutMs: number;
  #first: ListedDeadline | undefined;
  #last: ListedDeadline | undefined;
  /** Runs out when the first one is late, or sooner: who was first when it was set may be gone. */
  #timer: NodeJS.Timeout | undefined;

  /** @param timeoutMs - how long each of them runs; at most the 24 days that a timer can wait. */
  constructor(timeoutMs: number) {
    this.#timeoutMs = Math.min(timeoutMs, MaxTimerMs);
  }

  /** A deadline of `owner` begins to run. */
  start(owner: Expiring): RunningDeadline {
    const deadline = new ListedDeadline(owner, performance.now() + this.#timeoutMs, this.#last, this.#drop);
    if (this.#last === undefined) this.#first = deadline;
    else this.#last.next = deadline;
    this.#last = deadline;
    if (this.#timer === undefined) this.#wait(this.#timeoutMs);
    return deadline;
  }

  readonly #drop = (dropped: ListedDeadline): void => {
    const { previous, next } = dropped;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    // One that the collector has not found yet, among the old, would keep all that came behind it.
    dropped.previous = undefined;
    dropped.next = undefined;
    if (this.#first !== undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  };

  #wait(waitMs: number): void {
    this.#timer = setTimeout(() => this.#look(), Math.ceil(waitMs));
  }

  #look(): void {
    this.#timer = undefined;
    const now = performance.now();
    while (this.#first !== undefined && this.#first.passesAt <= now) this.#first.pass();
    // Who was told may have begun another one, which is later than those that are left.
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#first !== undefined) this.#wait(this.#first.passesAt - now);
  }
}

class ListedDeadline implements RunningDeadline {
  readonly passesAt: number;
  previous: ListedDeadline | undefined;
  next: ListedDeadline | undefined;
  #owner: Expiring | undefined;
  readonly #drop: (deadline: ListedDeadline) => void;

  constructor(
    owner: Expiring,
    passesAt: number,
    previous: ListedDeadline | undefined,
    drop: (deadline: ListedDeadline) => void,
  ) {
    this.#owner = owner;
    this.passesAt = passesAt;
    this.previous = previous;
    this.#drop = drop;
  }

  clear(): void {
    if (this.#owner === undefined) return;
    this.#owner = undefined;
    this.#drop(this);
  }

  pass(): void {
    const owner = this.#owner;
    this.clear();
    owner?.expire();
  }
}
