import type { ComponentChildren } from "preact";

/** The first line of a view: its title, what there is to say of it, and its buttons. */
export function TitleLine(props: {
  readonly title: ComponentChildren;
  readonly says?: ComponentChildren;
  readonly children?: ComponentChildren;
}) {
  return (
    <header class="title-line">
      <h1>{props.title}</h1>
      <p role="status" class="muted">
        {props.says}
      </p>
      {props.children}
    </header>
  );
}

/** What stands where there is nothing, and what to make of that. */
export function Empty({ title, children }: { readonly title: string; readonly children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p>{title}</p>
      <p class="muted">{children}</p>
    </div>
  );
}

/** One of a list of facts. */
export function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** One name of a few, chosen from a list. */
export interface ChoiceProps<Name extends string> {
  readonly label: string;
  readonly value: Name;
  readonly options: readonly { readonly value: Name; readonly text: string }[];
  readonly onChange: (value: Name) => void;
}

/** A labelled list to choose from. */
export function Choice<Name extends string>({ label, value, options, onChange }: ChoiceProps<Name>) {
  const chosen = (text: string): void => {
    const option = options.find((one) => one.value === text);
    if (option !== undefined) onChange(option.value);
  };
  return (
    <label>
      <span>{label}</span>
      <select value={value} onChange={({ currentTarget }) => chosen(currentTarget.value)}>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.text}
          </option>
        ))}
      </select>
    </label>
  );
}
