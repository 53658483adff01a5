import { H2EngineNames, type H2EngineName } from "../../src/transport/h2-acceptor.ts";
import { DefaultServerOptions } from "../../src/websocket/server-options.ts";

/**
 * Whose HTTP/2 is tested where a test names no engine. Some suites run twice: what they are run with is told by the project,
 * and it is told to the processes they start.
 */
export const TestedEngine: H2EngineName = engineNamed(
  process.env["TESTED_HTTP2_ENGINE"] ?? DefaultServerOptions.http2.engine,
);

/** `config` with its HTTP/2 framed by {@link TestedEngine}, unless it says by whom. */
export function withTestedEngine<Config extends Readonly<Record<string, unknown>>>(config: Config): Config {
  const { http2 } = config;
  const own = typeof http2 === "object" && http2 !== null ? http2 : {};
  return { ...config, http2: { engine: TestedEngine, ...own } };
}

function engineNamed(name: string): H2EngineName {
  const engine = H2EngineNames.find((one) => one === name);
  if (engine === undefined) throw new Error(`no HTTP/2 engine ${name}`);
  return engine;
}
