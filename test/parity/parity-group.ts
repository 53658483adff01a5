/** One name of the reference and the test here that shows the same, or shows what holds here instead. */
export type Counterpart = readonly [
  reference: string,
  /** The title as it is written in the file: of a table its template. */
  title: string,
  /** Of a table: a piece of the row that is meant, as it is written in the file. */
  row?: string,
];

/** What tests of one file here show of one test class of the reference. */
export interface ParityGroup {
  readonly reference: string;
  /** From the project's root. */
  readonly file: string;
  readonly counterparts: readonly Counterpart[];
}
