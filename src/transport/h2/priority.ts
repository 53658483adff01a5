import { fieldValues } from "../../protocol/handshake/field-values.ts";
import type { FieldLines } from "../../protocol/handshake/opening-request.ts";

/** What a client says of a response (RFC 9218 §4). */
export interface Priority {
  /** From 0, the most urgent, to 7. */
  readonly urgency: number;
  /** Whether a part of it is of use before the rest. */
  readonly isIncremental: boolean;
}

const Urgency = /^[0-7]$/;
const Key = "[a-z*][a-z0-9_.*-]*";
const Item = [
  String.raw`\?[01]`,
  String.raw`-?\d{1,12}(?:\.\d{1,3})?`,
  String.raw`"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"`,
  String.raw`:[A-Za-z0-9+/=]*:`,
  "[A-Za-z*][!#$%&'*+.^_`|~0-9A-Za-z:/-]*",
].join("|");
const Parameters = `(?:; *${Key}(?:=(?:${Item}))?)*`;
const InnerList = String.raw`\( *(?:(?:${Item})${Parameters}(?: +(?=[^ )])| *(?=\))))*\)`;
/** A member of a dictionary (RFC 8941 §3.2): its name, its value where it has one, and the comma behind it. */
const Member = new RegExp(String.raw`[\t ]*(${Key})(?:=(${Item}|${InnerList}))?${Parameters}[\t ]*(,|$)`, "y");

/** Reads a `priority` field, its lines joined by commas; `undefined` for one that is no dictionary: then it says nothing. */
export function tryPriority(value: string): Priority | undefined {
  let urgency = 3;
  let isIncremental = false;
  let isOver = false;
  for (Member.lastIndex = 0; !isOver;) {
    const [, name, item, separator] = Member.exec(value) ?? [];
    if (separator === undefined) return undefined;
    // What a member may not be is as if it were not there (§4).
    if (name === "u" && item !== undefined && Urgency.test(item)) urgency = Number(item);
    if (name === "i" && (item === undefined || item.startsWith("?"))) isIncremental = item !== "?0";
    isOver = separator === "";
  }
  return { urgency, isIncremental };
}

/**
 * The place of a stream of which nothing is said. Places are the order in which streams send, 0 first: of each urgency those
 * that are sent one by one, then those that take turns. Nobody knows what this one is for, so it takes turns.
 */
export const UsualPlace = 7;

/** The place of a stream that was opened with `fields`. */
export function placeOf(fields: FieldLines): number {
  const lines = fieldValues(fields, "priority");
  return lines.length === 0 ? UsualPlace : placeFor(lines.join(","));
}

/** The place that the value of a `priority` field leads to. */
export function placeFor(value: string): number {
  const priority = tryPriority(value);
  if (priority === undefined) return UsualPlace;
  return 2 * priority.urgency + (priority.isIncremental ? 1 : 0);
}

/** Whether streams at `place` take turns. */
export function takesTurns(place: number): boolean {
  return place % 2 === 1;
}

/** The place of the same urgency at which streams take turns. */
export function turnsAt(place: number): number {
  return place | 1;
}
