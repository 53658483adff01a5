import type { ConnectionFacts } from "../../src/transport/opening.ts";

/** A cleartext HTTP/1.1 connection from this machine, but for what `facts` says otherwise. */
export function connectionFacts(facts: Partial<ConnectionFacts> = {}): ConnectionFacts {
  return {
    id: 1,
    listener: "main",
    httpVersion: "1.1",
    secure: false,
    remoteAddress: "127.0.0.1",
    remotePort: 50_000,
    localPort: 80,
    tls: undefined,
    ...facts,
  };
}
