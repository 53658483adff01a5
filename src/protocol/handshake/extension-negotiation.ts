import { WebSocketError } from "../errors.ts";
import {
  type Extension,
  type ExtensionNegotiator,
  type ExtensionParameters,
  hasRsvClash,
} from "../message/extension.ts";
import { type ExtensionTerms, tryExtensions } from "./negotiation.ts";

/** What a server agrees to with one client. */
export interface AgreedExtensions {
  /** The value of `Sec-WebSocket-Extensions` in the answer, or `undefined` for none. */
  readonly value: string | undefined;
  /** In the order of `value`, and for this WebSocket only. */
  readonly extensions: readonly Extension[];
}

/**
 * A server's answer to `offered`, the value of `Sec-WebSocket-Extensions` in an opening of either HTTP version: of each
 * negotiator, in their order, the first offer it accepts. What wants an RSV bit that is taken is declined (RFC 6455 §9.1).
 */
export function acceptExtensions(offered: string, negotiators: readonly ExtensionNegotiator[]): AgreedExtensions {
  const offers = tryExtensions(offered) ?? [];
  const values: string[] = [];
  const extensions: Extension[] = [];
  for (const negotiator of negotiators) {
    const accepted = negotiator.accept(parametersUnder(negotiator.name, offers));
    if (!accepted || hasRsvClash([...extensions, accepted.extension])) continue;
    values.push(encodeTerms(negotiator.name, accepted.parameters));
    extensions.push(accepted.extension);
  }
  return { value: values.length > 0 ? values.join(", ") : undefined, extensions };
}

/** The value of `Sec-WebSocket-Extensions` with which a client offers all that `negotiators` would have; empty for none. */
export function offerExtensions(negotiators: readonly ExtensionNegotiator[]): string {
  return negotiators
    .flatMap((negotiator) => negotiator.offers().map((parameters) => encodeTerms(negotiator.name, parameters)))
    .join(", ");
}

/**
 * What a client that offered `offerExtensions(negotiators)` makes of the server's answer, in the answer's order.
 *
 * @throws WebSocketError, each 1010 (RFC 6455 §4.1, 7.4.1, 9.1): `WS_EXTENSION_NOT_OFFERED` also for what comes twice,
 *   `WS_EXTENSION_UNACCEPTABLE` for broken grammar, for parameters that fit no offer and for two owners of an RSV bit,
 *   `WS_EXTENSION_MISSING` where the server left out what is required.
 */
export function confirmExtensions(
  answered: string | undefined,
  negotiators: readonly ExtensionNegotiator[],
): readonly Extension[] {
  const answers = tryExtensions(answered ?? "");
  if (!answers) throw new WebSocketError("WS_EXTENSION_UNACCEPTABLE", "the server's extensions break their grammar");
  const open = new Map(negotiators.map((negotiator) => [negotiator.name, negotiator]));
  const extensions = answers.map(({ name, parameters }) => {
    const negotiator = open.get(name);
    if (!negotiator)
      throw new WebSocketError(
        "WS_EXTENSION_NOT_OFFERED",
        "the server answers an extension that is not on offer, or one twice",
      );
    open.delete(name);
    const extension = negotiator.confirm(parameters);
    if (!extension) throw new WebSocketError("WS_EXTENSION_UNACCEPTABLE", `${name} with parameters that fit no offer`);
    return extension;
  });
  if (hasRsvClash(extensions))
    throw new WebSocketError("WS_EXTENSION_UNACCEPTABLE", "two extensions with the same RSV bit");
  for (const { name, required } of open.values()) {
    if (required) throw new WebSocketError("WS_EXTENSION_MISSING", `the server does without ${name}`);
  }
  return extensions;
}

function parametersUnder(name: string, offers: readonly ExtensionTerms[]): ExtensionParameters[] {
  return offers.filter((offer) => offer.name === name).map(({ parameters }) => parameters);
}

function encodeTerms(name: string, parameters: ExtensionParameters): string {
  return [name, ...parameters.map(([key, value]) => (value === undefined ? key : `${key}=${value}`))].join("; ");
}
