import { useState } from "preact/hooks";
import type { Credentials, Session } from "./session.ts";
import { useStore } from "./store.ts";

/** Asks for what the admin port asks for. */
export function SignIn({ session }: { readonly session: Session }) {
  const demand = useStore(session.demand);
  const [kind, setKind] = useState<Credentials["kind"]>("token");
  const [keep, setKeep] = useState(false);
  const submit = (event: SubmitEvent & { currentTarget: HTMLFormElement }): void => {
    event.preventDefault();
    session.signIn(credentialsIn(new FormData(event.currentTarget), kind), { keep });
  };
  return (
    <main id="main" class="sign-in">
      <form onSubmit={submit}>
        <h1>hawser console</h1>
        <p class={demand === "refused" ? "error" : "muted"} role="status">
          {demand === "refused" ? "The gateway did not take that." : "The admin port of this gateway asks who you are."}
        </p>
        <Kinds kind={kind} onChange={setKind} />
        {kind === "token" ? (
          <Field name="token" label="Token" type="password" autocomplete="off" />
        ) : (
          <>
            <Field name="user" label="User" type="text" autocomplete="username" />
            <Field name="password" label="Password" type="password" autocomplete="current-password" />
          </>
        )}
        <label class="check">
          <input type="checkbox" checked={keep} onChange={({ currentTarget }) => setKeep(currentTarget.checked)} />
          keep it until this tab is closed
        </label>
        <p class="buttons">
          <button type="submit" class="primary">
            Sign in
          </button>
        </p>
      </form>
    </main>
  );
}

function credentialsIn(form: FormData, kind: Credentials["kind"]): Credentials {
  const text = (name: string): string => {
    const value = form.get(name);
    return typeof value === "string" ? value : "";
  };
  return kind === "token"
    ? { kind, token: text("token").trim() }
    : { kind, user: text("user"), password: text("password") };
}

interface KindsProps {
  readonly kind: Credentials["kind"];
  readonly onChange: (kind: Credentials["kind"]) => void;
}

function Kinds({ kind, onChange }: KindsProps) {
  const kinds = [
    { value: "token", text: "a token" },
    { value: "password", text: "user and password" },
  ] as const;
  return (
    <fieldset class="kinds">
      <legend>Sign in with</legend>
      {kinds.map(({ value, text }) => (
        <label key={value}>
          <input type="radio" name="kind" checked={kind === value} onChange={() => onChange(value)} /> {text}
        </label>
      ))}
    </fieldset>
  );
}

interface FieldProps {
  readonly name: string;
  readonly label: string;
  readonly type: "text" | "password";
  readonly autocomplete: string;
}

function Field({ name, label, type, autocomplete }: FieldProps) {
  const attributes = { name, autocomplete, required: true, spellcheck: false };
  return (
    <label class="field">
      <span>{label}</span>
      {type === "text" ? <input type="text" {...attributes} /> : <input type="password" {...attributes} />}
    </label>
  );
}
