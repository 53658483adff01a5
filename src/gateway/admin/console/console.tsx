import { render } from "preact";
import { ConsoleApp } from "./console-app.tsx";
import { ConsoleModel } from "./console-model.ts";
import { ThemeSwitch } from "./theme.ts";

const root = document.getElementById("console");
if (root !== null) render(<ConsoleApp model={new ConsoleModel(window)} theme={new ThemeSwitch(window)} />, root);
