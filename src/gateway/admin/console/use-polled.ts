import { useEffect, useRef, useState } from "preact/hooks";
import { AdminApiError } from "./admin-api.ts";
import type { ConsoleModel } from "./console-model.ts";
import { Poller } from "./poller.ts";

/** What was last answered, and what went wrong since. */
export interface Polled<Value> {
  readonly value: Value | undefined;
  readonly error: string | undefined;
  /** Asks at once. */
  readonly refresh: () => void;
}

/** Asks by `load` every `intervalMs` while the component lives; anew at once when `key` changes. */
export function usePolled<Value>(
  model: ConsoleModel,
  key: string,
  intervalMs: number,
  load: (signal: AbortSignal) => Promise<Value>,
): Polled<Value> {
  const [value, setValue] = useState<Value>();
  const [error, setError] = useState<string>();
  const current = useRef(load);
  current.current = load;
  const poller = useRef<Poller<Value>>(null);
  useEffect(() => {
    const polling = {
      intervalMs,
      load: (signal: AbortSignal) => current.current(signal),
      onValue: (next: Value) => {
        setValue(() => next);
        setError(undefined);
      },
      onError: (failure: unknown) => {
        if (failure instanceof AdminApiError && failure.status === 401) return;
        setError(failure instanceof Error ? failure.message : String(failure));
      },
    };
    poller.current = new Poller(polling, model.isHeld);
    return () => poller.current?.stop();
  }, [model, key, intervalMs]);
  return { value, error, refresh: () => poller.current?.now() };
}
