import type { ClientCertificateRule } from "../transport/client-certificate.ts";
import {
  checkGroup,
  checkRequired,
  Flag,
  Group,
  isObject,
  listOf,
  type OptionRules,
  Text,
  type ValueRule,
} from "./option-rules.ts";
import { checkCertificates, checkPrivateKey, type Pem, PemRule } from "./pem.ts";
import type { ServerTls } from "./server-options.ts";

/** One certificate with its key, or several. */
export const ServerTlsRule: ValueRule = {
  allowed: "an object with certificate and key, or a list of them",
  items: Group,
  isAllowed: (value) => isObject(value) || (Array.isArray(value) && value.length > 0),
};

const OfTls: OptionRules<ServerTls> = {
  certificate: PemRule,
  key: PemRule,
  serverNames: listOf(Text, 'a list such as ["example.com"]'),
  clientCertificates: Group,
};

const OfClientCertificates: OptionRules<ClientCertificateRule> = { ca: PemRule, required: Flag };

/**
 * Holds the certificates of a server to what they may be.
 *
 * @param of - what they are given to.
 * @throws TypeError for an unknown name, a value that is of no use, and PEM that is none.
 */
export function checkServerTls(tls: ServerTls | readonly ServerTls[] | undefined, of: string): void {
  if (tls === undefined) return;
  const isList = Array.isArray(tls);
  for (const [i, one] of [tls].flat().entries()) checkCertificate(one, isList ? `tls[${i}].` : "tls.", of);
}

function checkCertificate(tls: ServerTls, owner: string, of: string): void {
  checkGroup(tls, OfTls, { of, owner });
  checkRequired(tls, ["certificate", "key"], owner);
  checkCertificates(tls.certificate, `${owner}certificate`);
  checkPrivateKey(tls.key, `${owner}key`);
  if (tls.clientCertificates === undefined) return;
  const ofClients: { readonly ca: Pem; readonly required: boolean } = tls.clientCertificates;
  checkGroup(ofClients, OfClientCertificates, { of, owner: `${owner}clientCertificates.` });
  checkRequired(ofClients, ["ca", "required"], `${owner}clientCertificates.`);
  checkCertificates(ofClients.ca, `${owner}clientCertificates.ca`);
}
