import type { OnReadOpts, Socket } from "node:net";

/** Room for what one call of the system reads. */
const ReadBytes = 65_536;

/** Memory that any number of cleartext connections read into, one after the other. */
export function createReadBuffer(): Uint8Array {
  return Buffer.allocUnsafeSlow(ReadBytes);
}

/** Who takes what happens on a socket. None of the methods may throw. */
export interface SocketListener {
  onConnect(): void;
  /** What was read into the buffer that the socket was made with. The bytes stay as they are during the call only. */
  onRead(bytes: Uint8Array, length: number): void;
  onSocketEnd(): void;
  onSocketError(error: NodeJS.ErrnoException): void;
  onSocketClose(): void;
}

/** To whom nothing matters. */
const Nobody: SocketListener = {
  onConnect: () => undefined,
  onRead: () => undefined,
  onSocketEnd: () => undefined,
  onSocketError: () => undefined,
  onSocketClose: () => undefined,
};

/**
 * What happens on one socket, told to whoever has it at the moment. A socket goes from hand to hand while it is opened, and
 * for each to listen by himself and stop again would cost more than all they do.
 *
 * With a buffer of {@link createReadBuffer} what is read lies in it, past the queue and the events of a Readable: the socket
 * emits no 'data', all else as ever.
 */
export class SocketEvents {
  listener: SocketListener = Nobody;
  /** What the socket is to be connected with, where it reads into a buffer. */
  readonly onread: OnReadOpts | undefined;

  constructor(buffer?: Uint8Array) {
    if (buffer === undefined) return;
    this.onread = {
      buffer,
      callback: (length, bytes) => {
        this.listener.onRead(bytes, length);
        return true;
      },
    };
  }

  /** Listens to `socket` from now on, as long as it lives. */
  watch(socket: Socket): void {
    // Told once or seldom; `once` would cost an object each.
    if (socket.connecting) socket.on("connect", () => this.listener.onConnect());
    socket.on("end", () => this.listener.onSocketEnd());
    socket.on("error", (error) => this.listener.onSocketError(error));
    socket.on("close", () => this.listener.onSocketClose());
  }

  /** Nobody has the socket now; it may fail and close. */
  leave(): void {
    this.listener = Nobody;
  }
}
