import { Store } from "./store.ts";

/** What the reader wants; `auto` follows the system. */
export const Themes = ["auto", "light", "dark"] as const;
export type Theme = (typeof Themes)[number];

const Key = "hawser-theme";

/** Light or dark: by the system's setting until the switch says otherwise, which the browser remembers. */
export class ThemeSwitch {
  readonly wanted: Store<Theme>;
  /** What is shown. */
  readonly shown: Store<"light" | "dark">;
  readonly #window: Window;
  readonly #dark: MediaQueryList;

  constructor(window: Window) {
    this.#window = window;
    this.#dark = window.matchMedia("(prefers-color-scheme: dark)");
    this.#dark.addEventListener("change", () => this.#apply());
    this.wanted = new Store<Theme>(Themes.find((one) => one === window.localStorage.getItem(Key)) ?? "auto");
    this.shown = new Store<"light" | "dark">("light");
    this.#apply();
  }

  /** Takes the next of the three. */
  next(): void {
    const next = Themes[(Themes.indexOf(this.wanted.value) + 1) % Themes.length] ?? "auto";
    this.#window.localStorage.setItem(Key, next);
    this.wanted.set(next);
    this.#apply();
  }

  #apply(): void {
    const wanted = this.wanted.value;
    this.#window.document.documentElement.dataset["theme"] = wanted;
    const isDark = wanted === "dark" || (wanted === "auto" && this.#dark.matches);
    this.shown.set(isDark ? "dark" : "light");
  }
}
