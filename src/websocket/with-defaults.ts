/** Some of `Options`; `undefined` is as good as left out. */
export type Given<Options> = { readonly [Name in keyof Options]?: Options[Name] | undefined };

/** `given`, with that of `defaults` for what it leaves out or has as `undefined`. */
export function withDefaults<Options extends object>(defaults: Options, given: Given<Options> = {}): Options {
  const all = { ...defaults };
  for (const name in given) {
    const value = given[name];
    if (value !== undefined) all[name] = value;
  }
  return all;
}
