import { z } from "zod";
import { isIpAddress } from "./addresses.ts";
import { Address, FilePath, flag, HostPattern, Name, oneOf, parsed } from "./schema-parts.ts";

const CertificateName = parsed("a host name or an IP address", (written) =>
  isIpAddress(written) || z.hostname().safeParse(written).success ? written : undefined,
);

const ClientCertificatesSchema = z
  .strictObject({
    ca: FilePath.describe("PEM file with the authorities that clients' certificates must come from."),
    required: flag()
      .default(true)
      .describe("Whether a client must have a certificate. `false`: it may have none, but not a wrong one."),
  })
  .describe(
    "Certificates of clients (mTLS), which upstreams are told of in `Client-Cert` (RFC 9440). Default: none is asked for.",
  );

const CertificateFile = FilePath.describe("PEM file with the certificate and its chain; goes with `key`.");
const KeyFile = FilePath.describe("PEM file with the private key of `certificate`, without a passphrase.");

const CertificateSchema = z.strictObject({
  serverNames: z
    .array(HostPattern)
    .min(1, { error: "at least one name" })
    .optional()
    .describe("TLS server names it is presented for, `*.example.com` too. Default: the names in the certificate."),
  certificate: CertificateFile,
  key: KeyFile,
  clientCertificates: ClientCertificatesSchema.optional(),
});

const ListenerTlsSchema = z
  .strictObject({
    certificate: CertificateFile.optional(),
    key: KeyFile.optional(),
    selfSigned: FilePath.optional().describe(
      "For development, instead of `certificate` and `key`: PEM file of a certificate that hawser makes and renews.",
    ),
    names: z
      .array(CertificateName)
      .min(1, { error: "at least one name" })
      .optional()
      .describe("Host names and IP addresses of the `selfSigned` certificate. Default: localhost, 127.0.0.1 and ::1."),
    clientCertificates: ClientCertificatesSchema.optional(),
    certificates: z
      .array(CertificateSchema)
      .min(1, { error: "at least one certificate" })
      .optional()
      .describe(
        "Several certificates, chosen by server name, instead of the options above. The first is for all other names.",
      ),
  })
  .describe("Certificates of the listener. Default: none, the listener is cleartext.");

/** One of `listeners`. */
export const ListenerSchema = z.strictObject({
  name: Name.optional().describe("Name in logs and metrics. Default: the address."),
  address: Address.describe(
    "IP address or host name and port to listen on; `[::]:8443` is every address, port 0 any free one.",
  ),
  proxyProtocol: flag()
    .default(false)
    .describe(
      "Whether connections from `trustedProxies` begin with a PROXY header (v1 or v2), which says who the client is.",
    ),
  tls: ListenerTlsSchema.optional(),
  protocols: z
    .array(oneOf(["h2", "http/1.1"]))
    .min(1, { error: "at least one of h2, http/1.1" })
    .refine((protocols) => new Set(protocols).size === protocols.length, { error: "each protocol once" })
    .default(["h2", "http/1.1"])
    .describe("Protocols offered by ALPN, or told apart by their first bytes on a cleartext listener."),
});
