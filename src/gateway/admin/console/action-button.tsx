import type { ComponentChildren } from "preact";
import { Modal } from "./modal.tsx";
import { useAction, type Action } from "./use-action.ts";

/** A button of something that cannot be undone. */
export interface ActionButtonProps {
  /** What it is called; the dialog's button has the same name. */
  readonly name: string;
  /** The question of the dialog. */
  readonly question: string;
  /** What one should know before one says yes. */
  readonly children: ComponentChildren;
  readonly isDangerous: boolean;
  /** `false` where the answer is not complete. */
  readonly canRun?: boolean;
  /** Does it, and returns what the gateway said. */
  readonly work: () => Promise<string>;
}

/** The button, the question before anything happens, and beside it what came of it. */
export function ActionButton(props: ActionButtonProps) {
  const action = useAction();
  return (
    <>
      <span class="muted outcome" role="status">
        {action.outcome}
      </span>
      <button type="button" class={props.isDangerous ? "danger" : ""} onClick={action.ask}>
        {props.name}…
      </button>
      {action.isAsked ? <Question {...props} action={action} /> : null}
    </>
  );
}

function Question({ action, ...props }: ActionButtonProps & { readonly action: Action }) {
  const submit = (event: Event): void => {
    event.preventDefault();
    if (props.canRun !== false) action.run(props.work);
  };
  return (
    <Modal title={props.question} onClose={action.dismiss}>
      <form onSubmit={submit}>
        {props.children}
        {action.error === undefined ? null : (
          <p class="error" role="alert">
            {action.error}
          </p>
        )}
        <p class="buttons">
          <button type="button" onClick={action.dismiss} autofocus>
            Cancel
          </button>
          <button type="submit" class={props.isDangerous ? "danger" : "primary"} disabled={action.isBusy}>
            {action.isBusy ? "asking…" : props.name}
          </button>
        </p>
      </form>
    </Modal>
  );
}
