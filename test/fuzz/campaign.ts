import { setTimeout as wait } from "node:timers/promises";
import type { Coverage } from "./coverage.ts";
import type { FuzzSubject, FuzzTarget } from "./fuzz-target.ts";
import { mutate } from "./mutation.ts";
import { Random } from "./random.ts";
import { Watchdog } from "./watchdog.ts";

/** How long one input may take: a run that waits for something that never comes is a fault. */
const RunMs = 10_000;

/** Behind which even a timer's turn has not come. */
const HangMs = 2 * RunMs;

/** So much that limits of a few hundred bytes and heads of 16 KiB are met, and no more. */
const MaxInputBytes = 20_000;

/** Signatures beyond these lead nowhere any more. */
const MaxSignatures = 2_000;

/** What a campaign is asked for. */
export interface CampaignOptions {
  /** Inputs known before; all are run first. */
  readonly corpus: readonly Uint8Array[];
  /** How long to look for more; 0 runs the known ones only. */
  readonly seconds: number;
  readonly seed: number;
  readonly coverage: Coverage;
}

/** What came of a campaign. */
export interface CampaignResult {
  readonly runs: number;
  /** Every input that went where none before it went: of the known ones, shortest first, then of the new ones. */
  readonly kept: readonly Uint8Array[];
  /** The input that broke the target, and how; the campaign ended with it. */
  readonly fault: { readonly input: Uint8Array; readonly error: unknown } | undefined;
}

/** Runs the corpus, then mutations of it, until the time is over or the target breaks. */
export async function runCampaign(target: FuzzTarget, options: CampaignOptions): Promise<CampaignResult> {
  const subject = await target.start();
  const corpusBytes = options.corpus.map(({ length }) => length);
  const watchdog = new Watchdog(target.name, { limitMs: HangMs, maxBytes: Math.max(MaxInputBytes, ...corpusBytes) });
  const campaign = new Campaign(subject, options.coverage, watchdog);
  try {
    await campaign.run(target.pieces, options);
  } finally {
    campaign.end();
    await watchdog.stop();
    await subject.stop?.();
  }
  return campaign;
}

class Campaign implements CampaignResult {
  readonly #subject: FuzzSubject;
  readonly #coverage: Coverage;
  readonly #watchdog: Watchdog;
  readonly #signatures = new Set<string>();
  readonly kept: Uint8Array[] = [];
  runs = 0;
  fault: CampaignResult["fault"];
  #stray: { readonly error: unknown } | undefined;

  constructor(subject: FuzzSubject, coverage: Coverage, watchdog: Watchdog) {
    this.#subject = subject;
    this.#watchdog = watchdog;
    this.#coverage = coverage;
    coverage.forget();
    process.on("uncaughtException", this.#onStray);
    process.on("unhandledRejection", this.#onStray);
  }

  end(): void {
    process.off("uncaughtException", this.#onStray);
    process.off("unhandledRejection", this.#onStray);
  }

  async run(pieces: readonly Uint8Array[], { corpus, seconds, seed }: CampaignOptions): Promise<void> {
    const random = new Random(seed);
    const known = [new Uint8Array(0), ...pieces, ...corpus].toSorted((a, b) => a.length - b.length);
    for (const input of known) if (!(await this.#try(input))) return;
    const deadline = performance.now() + seconds * 1_000;
    while (performance.now() < deadline) {
      const input = mutate(random, { inputs: this.kept, pieces, maxBytes: MaxInputBytes });
      if (!(await this.#try(input))) return;
      // Timers and sockets, and whoever wants to stop the process, get their turn.
      if (this.runs % 100 === 0) await wait(0);
    }
    // What the last ones have left behind comes to light with one more.
    await wait(0);
    await this.#try(new Uint8Array(0));
  }

  /** Runs `input` and keeps it if it is news; returns whether to go on. */
  async #try(input: Uint8Array): Promise<boolean> {
    this.runs++;
    this.#watchdog.begin(input);
    try {
      const outcome = this.#subject.run(input.slice());
      const signature = typeof outcome === "string" ? outcome : await inTime(outcome);
      if (this.#stray) throw this.#stray.error;
      if (this.#isNews(signature)) this.kept.push(input);
      return true;
    } catch (error) {
      this.fault = { input, error };
      return false;
    } finally {
      this.#watchdog.end();
    }
  }

  #isNews(signature: string): boolean {
    const isNewPath = this.#coverage.takeNews() > 0;
    const isNewSignature = this.#signatures.size < MaxSignatures && !this.#signatures.has(signature);
    if (isNewSignature) this.#signatures.add(signature);
    return isNewPath || isNewSignature;
  }

  readonly #onStray = (error: unknown): void => {
    this.#stray ??= { error };
  };
}

async function inTime(outcome: Promise<string>): Promise<string> {
  const giveUp = new AbortController();
  const late = wait(RunMs, undefined, { signal: giveUp.signal }).then(() => {
    throw new Error(`no outcome within ${RunMs} ms`);
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([outcome, late]);
  } finally {
    giveUp.abort();
  }
}
