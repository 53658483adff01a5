import { setFlagsFromString } from "node:v8";

/**
 * Lets the young generation of this process stay about as small as it begins, unless a `--max-semi-space-size` among
 * `nodeArguments` says how large it may be: 4 is best, since openings make more that survives for a while. What is read lies in buffers outside the heap until a
 * scavenge frees them, and from 64 MiB of those on V8 marks all of the heap: with room for 32 MiB of objects scavenges are so
 * rare that bulk traffic makes it do that twenty times a second, which doubles what a message costs. Small ones are cheap
 * here, since of what a relay makes next to nothing survives.
 *
 * That V8 asks for this flag whenever it would grow is written nowhere. Where it does not, all is as without it; a test of this
 * file says so.
 */
export function keepYoungGenerationSmall(nodeArguments: readonly string[]): void {
  if (nodeArguments.some((argument) => argument.startsWith("--max-semi-space-size"))) return;
  setFlagsFromString("--semi-space-growth-factor=1");
}
