/** The titles of the tests in `source`, as they are written: of a table its template. */
export function testTitles(source: string): ReadonlySet<string> {
  const calls = /(?:\btest|\bit|\)|>)\(\s*(?:"((?:[^"\\]|\\.)*)"|`((?:[^`\\]|\\.)*)`)\s*,/g;
  return new Set(Array.from(source.matchAll(calls), ([, quoted, template]) => unescaped(quoted ?? template ?? "")));
}

function unescaped(text: string): string {
  return text.replaceAll(/\\(.)/g, "$1");
}
