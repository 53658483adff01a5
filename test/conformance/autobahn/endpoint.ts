import type { FarEnd } from "../../support/far-end.ts";
import type { DeflateTerms } from "./case.ts";

/** The tester's end of one WebSocket. */
export interface TesterLeg {
  readonly far: FarEnd;
  /** The value of the server's `Sec-WebSocket-Extensions`; empty for none. */
  readonly extensions: string;
}

/** What is under test: it sends each message back as it came, and answers a Close. */
export interface EndpointUnderTest {
  /** Its role; the tester has the other. */
  readonly role: "server" | "client";
  /** Opens one WebSocket between it and the tester, with permessage-deflate by `terms` or without. */
  open(terms: DeflateTerms | undefined): Promise<TesterLeg>;
  close(): Promise<void>;
}
