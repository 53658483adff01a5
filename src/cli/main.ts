#!/usr/bin/env node
import { ensureRuntime } from "./runtime.ts";

// Everything else is loaded only once it is certain that this Node can.
if (await ensureRuntime()) {
  const { runCommandLine } = await import("./commands.ts");
  // Without `exit`, a timer that a handler module left behind would keep a stopped gateway alive.
  process.exit(await runCommandLine(process));
}
