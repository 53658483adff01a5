import { constants, createDeflateRaw, createInflateRaw, type DeflateRaw, type InflateRaw } from "node:zlib";
import type { DeflateAnswer, DeflateTerms } from "./case.ts";
import { CaseFault } from "./tester-frames.ts";

const Extension = "permessage-deflate";
const SyncFlushTail = Buffer.from([0x00, 0x00, 0xff, 0xff]);

/** What one side keeps to when it compresses. */
interface Direction {
  readonly noContextTakeover: boolean;
  readonly windowBits: number;
}

type Parameters = ReadonlyMap<string, string | undefined>;

function parametersIn(list: readonly string[]): Parameters {
  return new Map(
    list.map((parameter) => {
      const [name = "", value] = parameter.split("=");
      return [name, value] as const;
    }),
  );
}

/** The parameters of the one `permessage-deflate` in `value`. @throws CaseFault for anything else. */
function parametersOf(value: string): Parameters {
  const [name, ...parameters] = value.split(";").map((part) => part.trim());
  if (name !== Extension || value.includes(",")) throw new CaseFault(`extensions "${value}", not ${Extension} alone`);
  return parametersIn(parameters);
}

function directionOf(side: "client" | "server", parameters: Parameters): Direction {
  const noContextTakeover = parameters.has(`${side}_no_context_takeover`);
  return { noContextTakeover, windowBits: Number(parameters.get(`${side}_max_window_bits`) ?? 15) };
}

/** The value of `Sec-WebSocket-Extensions` with which the tester offers `terms`. */
export function offerOf({ offers }: DeflateTerms): string {
  return offers.map((parameters) => [Extension, ...parameters].join("; ")).join(", ");
}

/** The tester's answer to a client that offered `offered`: the first of its wishes that the offer allows. */
export function answerTo(offered: string, { answers }: DeflateTerms): string {
  const offer = parametersOf(offered);
  const answer = answers.find(
    ({ clientMaxWindowBits: bits }) => bits === undefined || offer.has("client_max_window_bits"),
  );
  if (answer === undefined) throw new CaseFault(`the offer "${offered}" lacks client_max_window_bits`);
  return [Extension, ...serverParameters(offer), ...clientParameters(answer)].join("; ");
}

/** What the offer asks of the server, granted. */
function serverParameters(offer: Parameters): string[] {
  return [...offer].flatMap(([name, value]) => {
    if (!name.startsWith("server_")) return [];
    return value === undefined ? name : `${name}=${value}`;
  });
}

function clientParameters({ clientNoContextTakeover, clientMaxWindowBits: bits }: DeflateAnswer): string[] {
  return [
    ...(clientNoContextTakeover ? ["client_no_context_takeover"] : []),
    ...(bits === undefined ? [] : [`client_max_window_bits=${bits}`]),
  ];
}

/** Finds fault with an answer that grants less than `terms` ask for. */
export function checkAnswer(answered: string, { offers }: DeflateTerms): void {
  const server = directionOf("server", parametersOf(answered));
  const best = directionOf("server", parametersIn(offers[0] ?? []));
  const isGranted = (server.noContextTakeover || !best.noContextTakeover) && server.windowBits <= best.windowBits;
  if (!isGranted) throw new CaseFault(`the answer "${answered}" grants less than was asked`);
}

/** The tester's permessage-deflate: zlib's own streams, each with the window and the memory that were agreed on, and no more. */
export class TesterDeflate {
  readonly #out: Direction;
  readonly #in: Direction;
  readonly #deflate: DeflateRaw;
  readonly #inflate: InflateRaw;

  /** @param agreed - the value of the server's `Sec-WebSocket-Extensions`. */
  constructor(agreed: string, role: "client" | "server") {
    const parameters = parametersOf(agreed);
    this.#out = directionOf(role, parameters);
    this.#in = directionOf(role === "client" ? "server" : "client", parameters);
    this.#deflate = createDeflateRaw({ windowBits: this.#out.windowBits, level: 1, chunkSize: 65_536 });
    this.#inflate = createInflateRaw({ windowBits: this.#in.windowBits, chunkSize: 65_536 });
  }

  async deflate(payload: Uint8Array): Promise<Buffer> {
    const deflated = await passed(this.#deflate, [payload], constants.Z_SYNC_FLUSH);
    if (this.#out.noContextTakeover) this.#deflate.reset();
    return deflated.subarray(0, deflated.length - SyncFlushTail.length);
  }

  /** @throws CaseFault for what does not inflate with the window and the memory agreed on. */
  async inflate(payload: Uint8Array): Promise<Buffer> {
    const inflated = await passed(this.#inflate, [payload, SyncFlushTail], constants.Z_SYNC_FLUSH);
    if (this.#in.noContextTakeover) this.#inflate.reset();
    return inflated;
  }

  close(): void {
    this.#deflate.close();
    this.#inflate.close();
  }
}

/** What `zlib` makes of `pieces`. */
function passed(zlib: DeflateRaw | InflateRaw, pieces: readonly Uint8Array[], flush: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const onData = (chunk: Buffer) => void chunks.push(chunk);
  return new Promise<Buffer>((resolve, reject) => {
    const onError = (error: Error) => reject(new CaseFault(`a message that does not inflate: ${error.message}`));
    zlib.on("data", onData);
    zlib.once("error", onError);
    for (const piece of pieces) zlib.write(piece);
    zlib.flush(flush, () => {
      zlib.off("data", onData);
      zlib.off("error", onError);
      resolve(Buffer.concat(chunks));
    });
  });
}
