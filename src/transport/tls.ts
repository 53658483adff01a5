import type { Socket } from "node:net";
import type { Server, TLSSocket } from "node:tls";
import { judgeClientCertificate, satisfies, type ClientCertificateRule } from "./client-certificate.ts";
import type { ClientCertificate, TlsFacts } from "./opening.ts";
import { ServerNames } from "./server-names.ts";
import { TlsAttempt, type HandshakeFailure, type HandshakeResult } from "./tls-attempt.ts";
import {
  createTlsServer,
  isSameServer,
  type AlpnProtocol,
  type ServerCertificate,
  type TicketSecret,
} from "./tls-server.ts";

/** What a {@link TlsTerminator} is set to. */
export interface TlsOptions {
  /** At least one; the first is presented where no server name leads to another. */
  readonly certificates: readonly ServerCertificate[];
  /** What is spoken here, preferred first. A client that offers ALPN without any of these gets the alert of RFC 7301 §3.2. */
  readonly protocols: readonly AlpnProtocol[];
  /** Where several processes serve as one: their common {@link TicketSecret}, which does not change. */
  readonly ticketSecret?: TicketSecret | undefined;
}

/** What handshakes begin with until the options change. */
interface Generation {
  readonly protocols: readonly AlpnProtocol[];
  readonly names: ServerNames;
  /** By the numbers that `names` finds. */
  readonly presented: readonly Presented[];
}

/** A certificate with the server that presents it. */
interface Presented {
  readonly certificate: ServerCertificate;
  readonly server: Server;
}

/** A handshake that node:tls is at. */
interface Handshake {
  readonly attempt: TlsAttempt;
  readonly tcp: Socket;
  readonly server: Server;
  /** The facts, once it is known what certificate the client has. */
  readonly facts: (clientCertificate: ClientCertificate | undefined) => TlsFacts;
}

/**
 * Does the TLS handshakes of accepted connections. The server name is read from the ClientHello before; it picks the
 * certificate and with it the rule about client certificates, and each certificate has a TLS server of its own. So no client
 * names one and is judged by the rule of another, whatever sessions it brings along.
 */
export class TlsTerminator {
  /**
   * By the addresses of both ends, which no two live connections share: node:tls does not tell which TCP socket is under a
   * TLS socket.
   */
  readonly #handshakes = new Map<string, Handshake>();
  #generation: Generation;

  /** @throws Error for material that cannot be used, as {@link createTlsServer} has it. */
  constructor(options: TlsOptions) {
    this.#generation = this.#generationOf(options, undefined);
  }

  /**
   * Uses `options` from the next handshake on. Connections live on, but no longer reach a name for which other client
   * certificates are asked now than they have shown. Where a certificate changes in its names alone, sessions go on being
   * resumed; the others begin with a full handshake.
   *
   * @throws what the constructor throws; then nothing has changed.
   */
  replace(options: TlsOptions): void {
    this.#generation = this.#generationOf(options, this.#generation);
  }

  /**
   * Takes over `tcp`, an accepted connection that nobody reads, and tells `done`, which must not throw, once. The TLS socket
   * is half-open and has an error handler; after a failure the TCP connection is closed.
   */
  secure(tcp: Socket, handshakeMs: number, done: (result: HandshakeResult) => void): void {
    const addresses = addressesOf(tcp);
    const attempt = new TlsAttempt(tcp, handshakeMs, (result) => {
      if (this.#handshakes.get(addresses)?.attempt === attempt) this.#handshakes.delete(addresses);
      done(result);
    });
    attempt.readServerName((serverName) => {
      const { names, presented } = this.#generation;
      const number = names.find(serverName);
      const { server, certificate } = presented[number] ?? {};
      const reaches = (host: string): boolean =>
        names.find(host) === number && satisfies(certificate?.clientCertificates, this.#ruleFor(host));
      const facts: Handshake["facts"] = (clientCertificate) => ({ serverName, clientCertificate, reaches });
      // Without an address the client has gone: it could not be told from others that have.
      if (server === undefined || tcp.remoteAddress === undefined) tcp.destroy();
      else this.#begin(addresses, { attempt, tcp, server, facts });
    });
  }

  #begin(addresses: string, handshake: Handshake): void {
    this.#handshakes.set(addresses, handshake);
    handshake.server.emit("connection", handshake.tcp);
  }

  /** The rule of now. */
  #ruleFor(host: string): ClientCertificateRule | undefined {
    const { names, presented } = this.#generation;
    return presented[names.find(host)]?.certificate.clientCertificates;
  }

  #generationOf(options: TlsOptions, before: Generation | undefined): Generation {
    const { certificates, protocols, ticketSecret } = options;
    const reusable = before?.protocols.join() === protocols.join() ? before.presented : [];
    const presented = certificates.map((certificate): Presented => {
      const same = reusable.find((one) => isSameServer(one.certificate, certificate));
      return { certificate, server: same?.server ?? this.#serverFor(certificate, protocols, ticketSecret) };
    });
    return { protocols, names: new ServerNames(certificates.map(({ serverNames }) => serverNames)), presented };
  }

  #serverFor(
    certificate: ServerCertificate,
    protocols: readonly AlpnProtocol[],
    ticketSecret: TicketSecret | undefined,
  ): Server {
    const server = createTlsServer(certificate, protocols, ticketSecret);
    server.on("secureConnection", (socket) => this.#onSecure(socket, certificate.clientCertificates));
    server.on("tlsClientError", (error, socket) => this.#onFailure(server, socket, error));
    return server;
  }

  #onSecure(socket: TLSSocket, rule: ClientCertificateRule | undefined): void {
    socket.on("error", () => undefined);
    const handshake = this.#handshakes.get(addressesOf(socket));
    const clientCertificate = judgeClientCertificate(socket, rule);
    if (handshake === undefined || clientCertificate === "refused") {
      handshake?.attempt.failed("client-certificate");
      socket.destroy();
      return;
    }
    socket.allowHalfOpen = true;
    handshake.attempt.succeeded(socket, handshake.facts(clientCertificate));
  }

  #onFailure(server: Server, socket: TLSSocket, error: NodeJS.ErrnoException): void {
    const handshake = this.#handshakes.get(addressesOf(socket));
    if (!socket.authorizationError) return handshake?.attempt.failed(handshakeFailure(error));
    // That a certificate is not believed is told behind the close, when the socket has no addresses any more.
    const isClosed = (one: Handshake): boolean => one.server === server && one.tcp.closed;
    this.#handshakes.values().find(isClosed)?.attempt.failed("client-certificate");
  }
}

/** Why a handshake failed, from the error of 'tlsClientError'. */
function handshakeFailure(error: NodeJS.ErrnoException): HandshakeFailure {
  switch (error.code) {
    case "ERR_SSL_NO_APPLICATION_PROTOCOL":
      return "alpn";
    case "ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE":
      return "client-certificate";
    case "ECONNRESET":
    case "EPIPE":
      return "client-left";
    default:
      return "tls";
  }
}

function addressesOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}
