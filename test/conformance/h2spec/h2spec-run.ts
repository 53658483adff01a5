import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConnectionGate } from "../../../src/transport/connection-gate.ts";
import type { H2EngineName } from "../../../src/transport/h2-acceptor.ts";
import { AmpleLimits, DefaultH2, ListenerUnderTest, sharedCertificate, type Access } from "../../support/listening.ts";
import { h2specProgram } from "../../support/tools.ts";

/** One case of h2spec, and how it ended. */
export interface H2specCase {
  /** The section of h2spec and what the case does; its one name in a run. */
  readonly name: string;
  /** What was wrong; `undefined` where it passed. */
  readonly fault: string | undefined;
}

/** What a run is of. */
export interface H2specTarget {
  readonly engine: H2EngineName;
  readonly access: Access;
}

/** Some cases break a rule behind a whole request, which must not have been answered by then. */
const AnswerAfterMs = 100;
/** How long a case waits for what must come. */
const CaseSeconds = 2;
const RunMs = 100_000;

/** Runs all cases, the strict ones too, against a listener that answers each request 200. */
export async function runH2spec({ engine, access }: H2specTarget): Promise<readonly H2specCase[]> {
  const certificate = access === "TLS" ? await sharedCertificate() : undefined;
  const gate = new ConnectionGate(AmpleLimits);
  const listening = new ListenerUnderTest(certificate, { http2: { ...DefaultH2, engine } }, gate);
  listening.onExchange = (exchange) => {
    const answer = { status: 200, fields: ["content-type", "text/plain"], body: "hello" };
    setTimeout(() => exchange.respond(answer), AnswerAfterMs);
  };
  const folder = await mkdtemp(join(tmpdir(), "h2spec-"));
  try {
    await listening.listen();
    const report = join(folder, "report.xml");
    const tls = access === "TLS" ? ["--tls", "--insecure"] : [];
    const port = String(listening.port);
    const options = ["--port", port, "--timeout", String(CaseSeconds), "--junit-report", report, "--strict"];
    await runToEnd(await h2specProgram(), [...options, ...tls]);
    return parseReport(await readFile(report, "utf8"));
  } finally {
    await listening.listener.destroy();
    await rm(folder, { recursive: true });
  }
}

/** Resolves when the program ends, whatever its exit code; rejects if it has to be killed for its time. */
function runToEnd(program: string, options: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, options, { timeout: RunMs }, () => {
      if (child.exitCode === null) reject(new Error("h2spec did not end"));
      else resolve();
    });
  });
}

const CasePattern = /<testcase package="([^"]*)" classname="([^"]*)"[^>]*>(.*?)<\/testcase>/gs;
const FaultPattern = /<(?:error|failure|skipped)>(.*)<\/(?:error|failure|skipped)>/s;

function parseReport(xml: string): readonly H2specCase[] {
  return [...xml.matchAll(CasePattern)].map(([, section, description, content = ""]) => ({
    name: `${section} ${description}`.replaceAll("&#34;", '"'),
    // What was expected, a line each, and what came.
    fault: FaultPattern.exec(content)?.[1],
  }));
}
