import { useState } from "preact/hooks";
import { isSendable } from "../../../protocol/close-code.ts";
import { ActionButton } from "./action-button.tsx";
import { closeCodeName, OfferedCodes } from "./close-code-name.ts";
import type { ConsoleModel } from "./console-model.ts";

/** The button that closes a stream, and the choice of the code behind it. */
export function CloseStream({ model, id }: { readonly model: ConsoleModel; readonly id: number }) {
  const [code, setCode] = useState("1001");
  const [own, setOwn] = useState("4000");
  const isOwn = code === "own";
  const chosen = Number(isOwn ? own : code);
  const work = async (): Promise<string> => {
    await model.api.close(id, chosen);
    return `closing with ${chosen}`;
  };
  const question = {
    name: "Close",
    question: `Close stream ${id}?`,
    isDangerous: true,
    canRun: isSendable(chosen),
    work,
  };
  return (
    <ActionButton {...question}>
      <p>Both sides are sent a Close with this code. What they say afterwards is lost.</p>
      <fieldset class="codes">
        <legend>Close code</legend>
        {OfferedCodes.map((offered) => (
          <label key={offered.code}>
            <input
              type="radio"
              name="code"
              checked={code === String(offered.code)}
              onChange={() => setCode(String(offered.code))}
            />
            <span>
              <b>{offered.code}</b> {closeCodeName(offered.code)} <span class="muted">· {offered.use}</span>
            </span>
          </label>
        ))}
        <OwnCode isChosen={isOwn} value={own} onChoose={() => setCode("own")} onChange={setOwn} />
      </fieldset>
    </ActionButton>
  );
}

interface OwnCodeProps {
  readonly isChosen: boolean;
  readonly value: string;
  readonly onChoose: () => void;
  readonly onChange: (value: string) => void;
}

function OwnCode({ isChosen, value, onChoose, onChange }: OwnCodeProps) {
  return (
    <div class="own-code">
      <label>
        <input type="radio" name="code" checked={isChosen} onChange={onChoose} />
        <span>another</span>
      </label>
      <input
        type="number"
        aria-label="another code, 1000 to 4999"
        min={1000}
        max={4999}
        required={isChosen}
        value={value}
        onFocus={onChoose}
        onInput={({ currentTarget }) => onChange(currentTarget.value)}
      />
      {isChosen && !isSendable(Number(value)) ? <span class="error">no Close may carry it</span> : null}
    </div>
  );
}
