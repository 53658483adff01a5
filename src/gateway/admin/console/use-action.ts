import { useState } from "preact/hooks";

/** Something an operator does behind a dialog: asked, on its way, refused or done. */
export interface Action {
  readonly isAsked: boolean;
  readonly isBusy: boolean;
  readonly error: string | undefined;
  /** What the gateway said when it was done. */
  readonly outcome: string | undefined;
  readonly ask: () => void;
  readonly dismiss: () => void;
  readonly run: (work: () => Promise<string>) => void;
}

const Idle = { isAsked: false, isBusy: false, error: undefined, outcome: undefined };

/** The state of one action. */
export function useAction(): Action {
  const [state, setState] = useState<Omit<Action, "ask" | "dismiss" | "run">>(Idle);
  const perform = async (work: () => Promise<string>): Promise<void> => {
    setState({ ...Idle, isAsked: true, isBusy: true });
    try {
      setState({ ...Idle, outcome: await work() });
    } catch (error) {
      setState({ ...Idle, isAsked: true, error: error instanceof Error ? error.message : String(error) });
    }
  };
  return {
    ...state,
    ask: () => setState({ ...Idle, isAsked: true }),
    dismiss: () => setState((now) => ({ ...now, isAsked: false, isBusy: false, error: undefined })),
    run: (work) => void perform(work),
  };
}
