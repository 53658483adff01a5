import { useEffect, useRef, useState } from "preact/hooks";
import type { Listening } from "./admin-api.ts";

/** The last lines of something that goes on. */
export interface Feed<Line> {
  /** The oldest first; the number of a line is `dropped` and its place. */
  readonly lines: readonly Line[];
  /** How many lines came before the first and are gone. */
  readonly dropped: number;
  readonly state: "stopped" | "asking" | "listening" | "ended";
  readonly error: string | undefined;
  readonly clear: () => void;
}

const MaxLines = 500;
/** Lines are shown this often: they may come a thousand times a second. */
const ShowMs = 200;

const Empty = { lines: [], dropped: 0 };

/** Reads what `listen` yields, anew for each `run` but 0, which is none, and keeps the last 500 lines. */
export function useFeed<Line>(run: number, listen: (listening: Listening) => AsyncIterable<Line>): Feed<Line> {
  const [kept, setKept] = useState<{ lines: readonly Line[]; dropped: number }>(Empty);
  const [state, setState] = useState<Feed<Line>["state"]>("stopped");
  const [error, setError] = useState<string>();
  const current = useRef(listen);
  current.current = listen;
  useEffect(() => {
    if (run === 0) return undefined;
    const end = new AbortController();
    let pending: Line[] = [];
    const show = (): void => {
      if (pending.length === 0) return;
      const more = pending;
      pending = [];
      setKept((now) => appended(now, more));
    };
    const timer = setInterval(show, ShowMs);
    const read = async (): Promise<void> => {
      setState("asking");
      setError(undefined);
      try {
        for await (const line of current.current({ signal: end.signal, onOpen: () => setState("listening") })) {
          pending.push(line);
          if (pending.length > 2 * MaxLines) show();
        }
      } catch (failure) {
        if (!end.signal.aborted) setError(failure instanceof Error ? failure.message : String(failure));
      }
      show();
      if (!end.signal.aborted) setState("ended");
    };
    void read();
    return () => {
      end.abort();
      clearInterval(timer);
      setState("stopped");
    };
  }, [run]);
  return { ...kept, state, error, clear: () => setKept(Empty) };
}

function appended<Line>(now: { lines: readonly Line[]; dropped: number }, more: readonly Line[]) {
  const all = [...now.lines, ...more];
  const over = Math.max(0, all.length - MaxLines);
  return { lines: over === 0 ? all : all.slice(over), dropped: now.dropped + over };
}

/** Whether something is listened to, or soon will be. */
export function isRunning({ state }: Feed<unknown>): boolean {
  return state === "asking" || state === "listening";
}
