import { isSupportedNode, SupportedNodes } from "./supported-node.ts";

// Modules run in the order in which they are imported: the door imports this one first, so that whoever has another Node is told
// so, and not what of it is missing somewhere.
if (!isSupportedNode(process.versions.node)) {
  throw new Error(`hawser needs Node.js ${SupportedNodes}, and this is ${process.versions.node}`);
}
