// The page is plain JavaScript for browsers; these are the parts of it that need none.

declare module "*/site/statistics.js" {
  export class RecentValues {
    constructor(capacity: number);
    add(value: number): void;
    readonly values: Float64Array;
  }
  export class Meter {
    constructor(nowMs: number);
    count(): void;
    read(nowMs: number): number;
  }
  export function quantile(values: ArrayLike<number>, q: number): number | undefined;
  export function roundTripStep(roundTripMs: number): number;
  export function formatMs(ms: number | undefined): string;
  export function formatCount(count: number | undefined): string;
  export function plural(count: number, noun: string): string;
}

declare module "*/site/plot.js" {
  export interface Point {
    readonly atMs: number;
    readonly value: number;
    readonly side: "on" | "off";
  }
  export function axisFor(highest: number): { top: number; step: number };
  export function linesOf(points: readonly Point[], gapMs: number): Point[][];
}

declare module "*/site/rope.js" {
  export function lanesOf(connections: readonly (number | undefined)[]): { lanes: number[]; count: number };
  export function sample<T>(values: readonly T[], most: number): readonly T[];
  export function rise(from: number, to: number, at: number): number;
}

declare module "*/site/grid.js" {
  export function labelOf(view: { state: string; stream?: number; connection?: number }): string;
  export function neighbour(key: string, index: number, columns: number, count: number): number | undefined;
}

declare module "*/site/summary.js" {
  export interface SocketFacts {
    readonly state: "opening" | "open" | "failed" | "lost" | "closed";
    readonly http?: string | undefined;
    readonly connection?: number | undefined;
    readonly closeCode?: number | undefined;
  }
  export interface Summary {
    readonly open: number;
    readonly failed: number;
    readonly lost: number;
    readonly closeCode: number | undefined;
    readonly strands: readonly (number | undefined)[];
    readonly connections: number;
    readonly overHttp2: boolean;
  }
  export function summarize(views: readonly SocketFacts[]): Summary;
}

declare module "*/site/words.js" {
  export interface Situation {
    readonly phase: "opening" | "settled";
    readonly wanted: number;
    readonly open: number;
    readonly failed: number;
    readonly lost: number;
    readonly closeCode: number | undefined;
    readonly connections: number;
    readonly overHttp2: boolean;
    readonly openMs: number;
    readonly side: "on" | "off";
    readonly pageOverHttp1: boolean;
    readonly reachable: boolean;
    readonly http1Origin: string;
    readonly browser: "firefox" | "chromium" | "other";
  }
  export interface Words {
    readonly state: "opening" | "open" | "partial" | "none" | "lost";
    readonly tone: "busy" | "good" | "bad";
    readonly status: string;
    readonly notice?: {
      readonly title: string;
      readonly text: string;
      readonly link?: string;
      readonly reopen?: boolean;
    };
  }
  export const AcceptedHash: string;
  export function browserOf(userAgent: string): Situation["browser"];
  export function wordsFor(situation: Situation): Words;
}
