import { setFlagsFromString } from "node:v8";

/**
 * Lets the young generation of this process stay as small as it begins. What is read lies in buffers outside the heap until a
 * scavenge frees them, and from 64 MiB of those on V8 marks all of the heap: with room for 32 MiB of objects scavenges are so
 * rare that bulk traffic makes it do that twenty times a second, which doubles what a message costs. Small ones are cheap
 * here, since of what a relay makes next to nothing survives.
 *
 * That V8 asks for this flag whenever it would grow is written nowhere. Where it does not, all is as without it; a test of this
 * file says so.
 */
export function keepYoungGenerationSmall(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
}
