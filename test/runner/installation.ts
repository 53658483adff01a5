/** How what is missing comes here. */
export interface Installation {
  readonly names: readonly string[];
  /** Shell command, to be run in the project's folder. */
  readonly command: string;
  readonly timeoutSeconds: number;
  /** Why it cannot be run here, as the end of a sentence; `undefined` where it can. */
  readonly obstacle: string | undefined;
  /** What to look at where it failed. */
  readonly cure: string;
}

/** What is said of an installation that is not begun. */
export function obstacleNotice({ names, command, obstacle }: Installation): string {
  return `Not installed, and needed by some suites: ${names.join(", ")}. This installs it ${obstacle}:\n  ${command}\n`;
}

/** What is said of an installation that has failed with `output`. */
export function failureNotice({ command, cure }: Installation, output: string): string {
  return `${output.trim()}\n\nThis did not work: ${command}\n${cure}\n`;
}
