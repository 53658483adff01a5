import { checkOptionNames } from "../option-names.ts";
import type { AcceptedExtension, Extension, ExtensionNegotiator, ExtensionParameters } from "./extension.ts";
import { type DeflateDirection, type DeflateTuning, PermessageDeflate } from "./permessage-deflate.ts";
import {
  deflateParameterList,
  type DeflateParameters,
  isAnswerTo,
  tryDeflateParameters,
} from "./permessage-deflate-parameters.ts";

/** What this endpoint wants of permessage-deflate; the names are the parameters' of RFC 7692 §7.1, whichever role it has. */
export interface PermessageDeflateOptions extends DeflateTuning {
  /** Each message of the server stands alone: smaller memory, larger messages. */
  readonly serverNoContextTakeover?: boolean | undefined;
  /** The same for the client. */
  readonly clientNoContextTakeover?: boolean | undefined;
  /**
   * 8–15: the server refers back 2^n bytes at most. Of the peer's own window a client is told or asked; a server can only
   * ask clients that say they can be asked, as browsers do. For our own window 13 if not given, and nothing is said of it:
   * messages are a tenth larger than with 15, and take half the time.
   */
  readonly serverMaxWindowBits?: number | undefined;
  /** The same for the client. */
  readonly clientMaxWindowBits?: number | undefined;
  /** As a client: fail without it (close code 1010). */
  readonly required?: boolean | undefined;
}

const OptionNames: Readonly<Record<keyof PermessageDeflateOptions, true>> = {
  ...{ level: true, thresholdBytes: true, maxInflateRatio: true, required: true },
  ...{ serverNoContextTakeover: true, clientNoContextTakeover: true },
  ...{ serverMaxWindowBits: true, clientMaxWindowBits: true },
};

const MaxWindowBits = 15;
const OwnWindowBits = 13;

/** Agrees on permessage-deflate (RFC 7692 §5, 7.1). May be shared by all WebSockets. */
export class PermessageDeflateNegotiator implements ExtensionNegotiator {
  readonly name = "permessage-deflate";
  readonly required: boolean;
  readonly #options: PermessageDeflateOptions;
  readonly #offer: DeflateParameters;

  /** @throws RangeError for a number out of its range, TypeError for an option that is none. */
  constructor(options: PermessageDeflateOptions = {}) {
    checkOptions(options);
    this.#options = options;
    this.required = options.required ?? false;
    this.#offer = {
      serverNoContextTakeover: options.serverNoContextTakeover ?? false,
      clientNoContextTakeover: options.clientNoContextTakeover ?? false,
      serverMaxWindowBits: options.serverMaxWindowBits,
      clientMaxWindowBits: options.clientMaxWindowBits ?? true,
    };
  }

  offers(): readonly ExtensionParameters[] {
    return [deflateParameterList(this.#offer)];
  }

  accept(offers: readonly ExtensionParameters[]): AcceptedExtension | undefined {
    for (const parameters of offers) {
      const offer = tryDeflateParameters(parameters, "client");
      if (offer) return this.#acceptOffer(offer);
    }
    return undefined;
  }

  confirm(parameters: ExtensionParameters): Extension | undefined {
    const answer = tryDeflateParameters(parameters, "server");
    if (!answer || !isAnswerTo(this.#offer, answer)) return undefined;
    const { clientMaxWindowBits = OwnWindowBits } = this.#options;
    return this.#extension(
      {
        windowBits: Math.min(bitsOf(answer.clientMaxWindowBits), clientMaxWindowBits),
        contextTakeover: !answer.clientNoContextTakeover && !this.#offer.clientNoContextTakeover,
      },
      { windowBits: bitsOf(answer.serverMaxWindowBits), contextTakeover: !answer.serverNoContextTakeover },
    );
  }

  #acceptOffer(offer: DeflateParameters): AcceptedExtension {
    const { serverMaxWindowBits, clientMaxWindowBits } = this.#options;
    const serverBits = Math.min(bitsOf(offer.serverMaxWindowBits), serverMaxWindowBits ?? OwnWindowBits);
    // A client that has not said so may not be asked for a smaller window (§7.1.2.2).
    const clientBits = offer.clientMaxWindowBits
      ? Math.min(bitsOf(offer.clientMaxWindowBits), bitsOf(clientMaxWindowBits))
      : MaxWindowBits;
    const isServerSaid = offer.serverMaxWindowBits !== undefined || serverMaxWindowBits !== undefined;
    const answer: DeflateParameters = {
      serverNoContextTakeover: offer.serverNoContextTakeover || this.#offer.serverNoContextTakeover,
      clientNoContextTakeover: offer.clientNoContextTakeover || this.#offer.clientNoContextTakeover,
      serverMaxWindowBits: isServerSaid ? serverBits : undefined,
      clientMaxWindowBits: clientBits < MaxWindowBits ? clientBits : undefined,
    };
    const outgoing = { windowBits: serverBits, contextTakeover: !answer.serverNoContextTakeover };
    const incoming = { windowBits: clientBits, contextTakeover: !answer.clientNoContextTakeover };
    return { parameters: deflateParameterList(answer), extension: this.#extension(outgoing, incoming) };
  }

  #extension(outgoing: DeflateDirection, incoming: DeflateDirection): Extension {
    return new PermessageDeflate({ outgoing, incoming }, this.#options);
  }
}

/** The bits of a window of which `said` was said. */
function bitsOf(said: number | true | undefined): number {
  return typeof said === "number" ? said : MaxWindowBits;
}

function checkOptions(options: PermessageDeflateOptions): void {
  checkOptionNames(options, Object.keys(OptionNames), { of: "new PermessageDeflateNegotiator()" });
  checkInteger("serverMaxWindowBits", options.serverMaxWindowBits, 8, MaxWindowBits);
  checkInteger("clientMaxWindowBits", options.clientMaxWindowBits, 8, MaxWindowBits);
  checkInteger("level", options.level, 1, 9);
  checkInteger("thresholdBytes", options.thresholdBytes, 0, Number.MAX_SAFE_INTEGER);
  checkInteger("maxInflateRatio", options.maxInflateRatio, 1, 1_032);
}

function checkInteger(name: string, value: number | undefined, min: number, max: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= min && value <= max)) return;
  throw new RangeError(`${name} is ${value}, not an integer from ${min} to ${max}`);
}
