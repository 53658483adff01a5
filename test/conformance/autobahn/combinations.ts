import { startClientEndpoint } from "./client-endpoint.ts";
import type { EndpointUnderTest } from "./endpoint.ts";
import { startServerEndpoint } from "./server-endpoint.ts";

/** One role over one HTTP version. A server has two engines for HTTP/2. */
export interface Combination {
  readonly name: string;
  start(): Promise<EndpointUnderTest>;
}

export const Combinations: readonly Combination[] = [
  { name: "h1 server", start: () => startServerEndpoint("h1") },
  { name: "h2 server", start: () => startServerEndpoint("h2") },
  { name: "h2 server, own engine", start: () => startServerEndpoint("h2", "hawser") },
  { name: "h1 client", start: () => startClientEndpoint("h1") },
  { name: "h2 client", start: () => startClientEndpoint("h2") },
];
