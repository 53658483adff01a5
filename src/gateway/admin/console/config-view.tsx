import { ActionButton } from "./action-button.tsx";
import type { ConfigAnswer } from "./admin-api.ts";
import type { ConsoleModel } from "./console-model.ts";
import { formatExact, formatMoment } from "./formatting.ts";
import { TitleLine } from "./titled.tsx";
import { usePolled } from "./use-polled.ts";

/** The config in force, what the last reload has changed, and the two things one can do to the whole gateway. */
export function ConfigView({ model }: { readonly model: ConsoleModel }) {
  const { value, error, refresh } = usePolled(model, "config", 5000, (signal) => model.api.config(signal));
  const known =
    value === undefined
      ? "loading"
      : `generation ${formatExact(value.generation)}, since ${formatMoment(value.loadedAt)}`;
  const open = model.history.last?.open ?? 0;
  const reload = async (): Promise<string> => {
    const said = await model.api.act("reload");
    refresh();
    return said;
  };
  return (
    <>
      <TitleLine title="Config" says={error ?? known}>
        <ActionButton name="Reload" question="Reload the config?" isDangerous={false} work={reload}>
          <p>The gateway reads its config anew. With a fault in it all stays as it is, and the fault is shown here.</p>
          <p>Streams of routes that are gone or have changed are closed as the config says.</p>
        </ActionButton>
        <ActionButton name="Drain" question="Drain the gateway?" isDangerous work={() => model.api.act("drain")}>
          <p>
            It takes no more openings, and closes its <b>{formatExact(open)}</b> open{" "}
            {open === 1 ? "stream" : "streams"} step by step. Its process stays until it is stopped. This cannot be
            taken back.
          </p>
        </ActionButton>
      </TitleLine>
      {value === undefined ? null : <ConfigText answer={value} />}
    </>
  );
}

function ConfigText({ answer }: { readonly answer: ConfigAnswer }) {
  return (
    <>
      <section>
        <h2>Last change</h2>
        {answer.summary === null ? (
          <p class="none">none: it is as the gateway was started with it</p>
        ) : (
          <pre tabIndex={0} role="region" aria-label="Last change" class="code">
            {answer.summary}
          </pre>
        )}
      </section>
      <section>
        <h2>In force</h2>
        <p class="muted">With all defaults, without secrets.</p>
        <pre tabIndex={0} role="region" aria-label="Config in force" class="code">
          {JSON.stringify(answer.config, undefined, 2)}
        </pre>
      </section>
    </>
  );
}
