import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** What became of one request. */
export interface CurlTransfer {
  readonly status: number;
  readonly httpVersion: string;
  /** Connections made for it; 0 where one was there already. */
  readonly connects: number;
}

/** What curl tells of its requests. */
export interface CurlRun {
  readonly transfers: readonly CurlTransfer[];
  /** Head by head as they came: interim responses, responses, trailers. */
  readonly heads: readonly string[];
  /** Of the last response to the first request. */
  readonly body: Buffer;
}

/** What `--write-out` is to write of each request. */
export const TransferFormat = "%{http_code} %{http_version} %{num_connects}\n";

const RunMs = 30_000;

/** Runs curl with `args`, which name its URLs and nothing of its output. @throws Error where curl fails. */
export async function curl(args: readonly string[]): Promise<CurlRun> {
  const folder = await mkdtemp(join(tmpdir(), "curl-"));
  const files = ["--dump-header", join(folder, "heads"), "--output", join(folder, "body")];
  try {
    const run = promisify(execFile)("curl", ["-sS", ...files, "--write-out", TransferFormat, ...args], {
      timeout: RunMs,
    });
    const { stdout } = await run;
    const heads = await readFile(join(folder, "heads"), "latin1");
    return {
      transfers: stdout.trim().split("\n").map(transferOf),
      heads: heads.split(/(?:\r\n)+(?=HTTP\/|$)|\r\n\r\n/).filter((head) => head !== ""),
      body: await readFile(join(folder, "body")).catch(() => Buffer.alloc(0)),
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

function transferOf(line: string): CurlTransfer {
  const [status = "", httpVersion = "", connects = ""] = line.split(" ");
  return { status: Number(status), httpVersion, connects: Number(connects) };
}
