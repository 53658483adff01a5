import { HawserH2Engine } from "../../src/transport/hawser-h2.ts";
import { describeH2Engine } from "../contract/h2-engine.ts";

describeH2Engine("the engine hawser", (http2, deadlines, headers) => new HawserH2Engine(http2, deadlines, headers));
