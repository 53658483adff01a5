import type { FuzzTarget } from "./fuzz-target.ts";
import { ClientTargets } from "./targets/client.ts";
import { ConnectionTargets } from "./targets/connection.ts";
import { EnginesTargets } from "./targets/engines.ts";
import { HandshakeTargets } from "./targets/handshakes.ts";
import { ReaderTargets } from "./targets/readers.ts";
import { ServerTargets } from "./targets/server.ts";

/** Everything that takes bytes from strangers. */
export const FuzzTargets: readonly FuzzTarget[] = [
  ...ReaderTargets,
  ...HandshakeTargets,
  ...ConnectionTargets,
  ...ServerTargets,
  ...ClientTargets,
  ...EnginesTargets,
];
