import { setImmediate } from "node:timers/promises";
import { close, fragments, frame } from "./building.ts";
import type { ConformanceCase, Cut, Script, Step, TestFrame, Volley } from "./case.ts";
import type { EndpointUnderTest, TesterLeg } from "./endpoint.ts";
import { TesterDeflate } from "./tester-deflate.ts";
import { type TesterEvent, TesterEvents } from "./tester-events.ts";
import { CaseFault, wireOf } from "./tester-frames.ts";

/** How patient the tester is, and how much it does. */
export interface RunOptions {
  /** How long it waits for each single thing that must come. */
  readonly patienceMs?: number;
  /** Octets of payload in a volley, about; the messages are fewer then, but three at least. Without it all are sent. */
  readonly maxVolleyOctets?: number | undefined;
}

/** `undefined` as fault: passed. */
export interface Verdict {
  readonly number: string;
  readonly fault: string | undefined;
  readonly ms: number;
}

const DefaultPatienceMs = 20_000;
/** How long "nothing comes" is looked at. Too short could miss a fault, but finds none that is not there. */
const QuietMs = 20;
const FewestMessages = 3;
/** All data has something to compress in its first message, from this length on. */
const CompressibleOctets = 256;

/** Runs `testCase` on one WebSocket with `endpoint`. What the endpoint does wrong is the verdict's fault; never rejects. */
export async function runCase(
  testCase: ConformanceCase,
  endpoint: EndpointUnderTest,
  options: RunOptions = {},
): Promise<Verdict> {
  const start = performance.now();
  const verdict = (fault?: string): Verdict => ({
    number: testCase.number,
    fault,
    ms: performance.now() - start,
  });
  let leg: TesterLeg | undefined;
  try {
    leg = await opened(endpoint, testCase, options);
    await new CaseRun(testCase, leg, endpoint.role, options).run();
    return verdict();
  } catch (error) {
    leg?.far.reset();
    return verdict(error instanceof CaseFault ? error.message : `the tester could not go on: ${String(error)}`);
  }
}

async function opened(
  endpoint: EndpointUnderTest,
  { deflate }: ConformanceCase,
  options: RunOptions,
): Promise<TesterLeg> {
  const { patienceMs = DefaultPatienceMs } = options;
  const { promise: late, reject } = Promise.withResolvers<never>();
  const deadline = setTimeout(() => reject(new CaseFault(`no WebSocket within ${patienceMs} ms`)), patienceMs);
  try {
    return await Promise.race([endpoint.open(deflate), late]);
  } finally {
    clearTimeout(deadline);
  }
}

/** One case at work. Its methods throw a CaseFault at the first thing that is not as it must be. */
class CaseRun {
  readonly #case: ConformanceCase;
  readonly #script: Script;
  readonly #leg: TesterLeg;
  readonly #isClient: boolean;
  readonly #options: RunOptions;
  readonly #events: TesterEvents;
  readonly #deflate: TesterDeflate | undefined;
  #heardCount = 0;
  #hasClosed = false;
  /** Of a frame begun, what is not sent. */
  #unsent: Buffer = Buffer.alloc(0);

  constructor(testCase: ConformanceCase, leg: TesterLeg, roleUnderTest: "server" | "client", options: RunOptions) {
    this.#case = testCase;
    this.#script = testCase.script();
    this.#leg = leg;
    this.#isClient = roleUnderTest === "server";
    this.#options = options;
    this.#deflate = testCase.deflate && new TesterDeflate(leg.extensions, this.#isClient ? "client" : "server");
    this.#events = new TesterEvents(leg.far, {
      masked: !this.#isClient,
      mayCompress: this.#deflate !== undefined,
      patienceMs: options.patienceMs ?? DefaultPatienceMs,
    });
  }

  async run(): Promise<void> {
    try {
      if (this.#deflate === undefined && this.#leg.extensions !== "")
        throw new CaseFault("an extension nobody offered");
      for (const step of this.#script.steps) await this.#take(step);
      await this.#hear(this.#script.hears.length);
      await this.#end();
    } finally {
      this.#deflate?.close();
    }
  }

  async #take(step: Step): Promise<void> {
    switch (step.type) {
      case "send":
        return this.#send(step.frames, step.cut);
      case "begin":
        return this.#begin(step.frame, step.octets);
      case "go on":
        return this.#goOn(step.octets);
      case "quiet":
        if (!(await this.#events.isQuiet(QuietMs)))
          throw new CaseFault(`too soon: ${described(await this.#next("nothing"))}`);
        return undefined;
      case "hear":
        return this.#hear(step.count);
      case "volley":
        return this.#volley(step);
      default:
        return step satisfies never;
    }
  }

  async #send(frames: readonly TestFrame[], cut: Cut): Promise<void> {
    this.#hasClosed ||= frames.some(({ opcode }) => opcode === 8);
    const wires = frames.map((frame) => wireOf(frame, this.#isClient));
    const pieces = cut === "frames" ? wires : inPieces(Buffer.concat(wires), cut);
    for (const piece of pieces) {
      // Like anybody who has been closed; what is still sent then would only come back as a reset.
      if (this.#events.hasPeerClosed) return;
      this.#leg.far.send(piece);
      // So that the other end reads each piece by itself.
      if (pieces.length > 1) await setImmediate();
    }
  }

  #begin(frame: TestFrame, octets: number): void {
    const wire = wireOf(frame, this.#isClient);
    this.#unsent = wire;
    this.#goOn(wire.length - frame.payload.length + octets);
  }

  #goOn(octets: number): void {
    this.#leg.far.send(this.#unsent.subarray(0, octets));
    this.#unsent = this.#unsent.subarray(octets);
  }

  async #hear(count: number): Promise<void> {
    for (; this.#heardCount < count; this.#heardCount++) {
      const { type, payload } = this.#script.hears[this.#heardCount]!;
      await this.#expectPayload(type, payload);
    }
  }

  /** @returns whether it was compressed. */
  async #expectPayload(type: "text" | "binary" | "pong", payload: Uint8Array): Promise<boolean> {
    const expected = `a ${type} of ${payload.length} octets`;
    const event = await this.#next(expected);
    if (event.type !== type) throw new CaseFault(`${described(event)} where ${expected} was to come`);
    const isCompressed = "compressed" in event && event.compressed;
    const came = isCompressed ? await this.#deflate!.inflate(event.payload) : event.payload;
    if (Buffer.compare(came, payload) !== 0)
      throw new CaseFault(`a ${type} of ${came.length} octets that is not ${expected} as sent`);
    return isCompressed;
  }

  async #volley({ count, octets, opcode, message, fragmentOctets }: Volley): Promise<void> {
    const { maxVolleyOctets = Infinity } = this.#options;
    const fitting = Math.max(FewestMessages, Math.floor(maxVolleyOctets / Math.max(octets, 1)));
    let compressedCount = 0;
    for (let index = 0; index < Math.min(count, fitting); index++) {
      const payload = message(index);
      await this.#sendMessage(opcode, payload, fragmentOctets);
      if (await this.#expectPayload(opcode === 1 ? "text" : "binary", payload)) compressedCount++;
    }
    const mustCompress = this.#deflate !== undefined && octets >= CompressibleOctets;
    if (mustCompress && compressedCount === 0) throw new CaseFault("no message came back compressed");
  }

  async #sendMessage(opcode: number, payload: Uint8Array, fragmentOctets: number): Promise<void> {
    const rsv = this.#deflate === undefined ? 0 : 0b100;
    const wire = this.#deflate === undefined ? payload : await this.#deflate.deflate(payload);
    const frames = fragmentOctets === 0 ? [frame(opcode, wire)] : fragments(opcode, wire, fragmentOctets);
    const [first, ...rest] = frames;
    await this.#send([{ ...first!, rsv }, ...rest], "none");
  }

  async #end(): Promise<void> {
    const { by, code } = this.#case.ending;
    const mustClose = by === "tester" && !this.#hasClosed;
    if (mustClose) await this.#send([close(1000)], "none");
    await this.#expect(`a Close with ${code}`, (event) => event.type === "close" && event.code === code);
    if (by === "peer") this.#leg.far.send(wireOf(close(code), this.#isClient));
    // The server ends first (RFC 6455 §7.1.1).
    if (!this.#isClient) this.#leg.far.end();
    await this.#expect("the end of its half", ({ type }) => type === "end");
    if (this.#isClient) this.#leg.far.end();
    await this.#expect("the end of both", (event) => event.type === "over" && event.how === "ended");
  }

  async #expect(expected: string, isIt: (event: TesterEvent) => boolean): Promise<void> {
    const event = await this.#next(expected);
    if (!isIt(event)) throw new CaseFault(`${described(event)} where ${expected} was to come`);
  }

  #next(expected: string): Promise<TesterEvent> {
    return this.#events.next(expected);
  }
}

function inPieces(wire: Buffer, cut: "none" | number): readonly Buffer[] {
  if (cut === "none") return [wire];
  const count = Math.ceil(wire.length / cut);
  return Array.from({ length: count }, (_, index) => wire.subarray(index * cut, (index + 1) * cut));
}

function described(event: TesterEvent): string {
  switch (event.type) {
    case "close":
      return `a Close with ${event.code}`;
    case "end":
      return "the end of its half";
    case "over":
      return event.how === "ended" ? "the end of both" : "a reset";
    case "fault":
      return event.what;
    default:
      return `a ${event.type} of ${event.payload.length} octets${event.type === "text" && event.compressed ? ", compressed" : ""}`;
  }
}
