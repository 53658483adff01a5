import { NodeH2Engine } from "../../src/transport/node-h2.ts";
import { describeH2Engine } from "../contract/h2-engine.ts";

describeH2Engine("the engine node", (http2, deadlines) => new NodeH2Engine(http2, deadlines));
