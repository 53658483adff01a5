import type { ExtensionParameters } from "./extension.ts";

/** The parameters of permessage-deflate in an offer or an answer (RFC 7692 §7.1). */
export interface DeflateParameters {
  readonly serverNoContextTakeover: boolean;
  readonly clientNoContextTakeover: boolean;
  /** 8–15, or `undefined` where not said. */
  readonly serverMaxWindowBits: number | undefined;
  /** 8–15; in an offer also `true`: the client can be told, but was not yet. `undefined` where not said. */
  readonly clientMaxWindowBits: number | true | undefined;
}

const WindowBits = /^(?:[89]|1[0-5])$/;

/**
 * Reads the parameters of an offer or of an answer, or returns `undefined` where one is unknown, comes twice, or has a value
 * that it may not have (RFC 7692 §7.1): such an offer is declined, such an answer fails the WebSocket.
 */
export function tryDeflateParameters(
  parameters: ExtensionParameters,
  sentBy: "client" | "server",
): DeflateParameters | undefined {
  const values = new Map(parameters);
  if (values.size !== parameters.length) return undefined;
  if (!parameters.every(([name, value]) => isAllowed(name, value, sentBy))) return undefined;
  return {
    serverNoContextTakeover: values.has("server_no_context_takeover"),
    clientNoContextTakeover: values.has("client_no_context_takeover"),
    serverMaxWindowBits: bitsOf(values.get("server_max_window_bits")),
    clientMaxWindowBits:
      bitsOf(values.get("client_max_window_bits")) ?? (values.has("client_max_window_bits") || undefined),
  };
}

/** The parameters as an offer or an answer has them. */
export function deflateParameterList(terms: DeflateParameters): ExtensionParameters {
  const { serverMaxWindowBits, clientMaxWindowBits } = terms;
  const list: [string, string | undefined][] = [];
  if (terms.serverNoContextTakeover) list.push(["server_no_context_takeover", undefined]);
  if (terms.clientNoContextTakeover) list.push(["client_no_context_takeover", undefined]);
  if (serverMaxWindowBits !== undefined) list.push(["server_max_window_bits", String(serverMaxWindowBits)]);
  if (clientMaxWindowBits !== undefined) {
    list.push(["client_max_window_bits", clientMaxWindowBits === true ? undefined : String(clientMaxWindowBits)]);
  }
  return list;
}

/** Says whether a server that was offered `offer` may answer `answer` (RFC 7692 §7.1.1–7.1.2). */
export function isAnswerTo(offer: DeflateParameters, answer: DeflateParameters): boolean {
  if (offer.serverNoContextTakeover && !answer.serverNoContextTakeover) return false;
  if ((answer.serverMaxWindowBits ?? 15) > (offer.serverMaxWindowBits ?? 15)) return false;
  if (answer.clientMaxWindowBits === undefined) return true;
  // What a client offers for its own window is a hint (§7.1.2.2); it keeps to the smaller of the two.
  return offer.clientMaxWindowBits !== undefined;
}

function isAllowed(name: string, value: string | undefined, sentBy: "client" | "server"): boolean {
  switch (name) {
    case "server_no_context_takeover":
    case "client_no_context_takeover":
      return value === undefined;
    case "client_max_window_bits":
      return value === undefined ? sentBy === "client" : WindowBits.test(value);
    case "server_max_window_bits":
      return value !== undefined && WindowBits.test(value);
    default:
      return false;
  }
}

function bitsOf(value: string | undefined): number | undefined {
  return value === undefined ? undefined : Number(value);
}
