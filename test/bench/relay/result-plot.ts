import type { Spread } from "./ratios.ts";
import { rowsOf, type ScenarioResult } from "./results.ts";

const Width = 820;
const Left = 300;
const Right = 70;
const Top = 74;
const Bottom = 26;
const BarHeight = 12;
const BarPitch = 16;
const ScenarioGap = 16;
const LegendPitch = 90;
/** A scenario has two lines of words. */
const LeastBars = 2;
/** What is longer is cut, and its figure says how long it is. */
const LongestRatio = 4;

/** Colours on light and on dark ground; told apart by those who see no red or no green, too. */
const Palette = [
  { gateway: "hawser", light: "#1f6feb", dark: "#58a6ff" },
  { gateway: "haproxy", light: "#6e7781", dark: "#8b949e" },
  { gateway: "nghttpx", light: "#d4760a", dark: "#f0a04b" },
  { gateway: "envoy", light: "#8250df", dark: "#bc8cff" },
  { gateway: "nginx", light: "#0f8a6c", dark: "#3fc9a4" },
];

interface Bar {
  readonly gateway: string;
  readonly ratio: Spread;
}

interface Group {
  readonly name: string;
  readonly what: string;
  readonly bars: readonly Bar[];
}

/**
 * An SVG with a bar for each gateway in each scenario: its cost as a multiple of that of `base`, and the quarters around it as
 * a whisker. It follows the colours of whoever looks at it.
 */
export function plotOf(results: readonly ScenarioResult[], base: string): string {
  const groups = results.map((result) => groupOf(result, base)).filter(({ bars }) => bars.length > 0);
  const heights = groups.map(({ bars }) => Math.max(LeastBars, bars.length) * BarPitch + ScenarioGap);
  const bottom = Top + heights.reduce((sum, height) => sum + height, 0);
  const longest = Math.max(1, ...groups.flatMap(({ bars }) => bars.map(({ ratio }) => ratio.high)));
  const xOf = scale(Math.min(LongestRatio, longest * 1.05));
  const tops = heights.map((_, index) => heights.slice(0, index).reduce((sum, height) => sum + height, Top));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${Width} ${bottom + Bottom}" width="${Width}" height="${bottom + Bottom}" role="img" aria-label="Cost of each gateway as a multiple of ${escaped(base)}'s">
${style()}
<rect class="ground" width="100%" height="100%"/>
<text class="title" x="16" y="26">Cost as a multiple of ${escaped(base)}’s: less is better</text>
<text class="what" x="16" y="49">CPU; of IDLE memory, of WAN delay</text>
${legend(groups, base)}
${grid(xOf, bottom)}
${groups.map((group, index) => groupMarks(group, tops[index]!, xOf)).join("\n")}
</svg>
`;
}

function groupOf(result: ScenarioResult, base: string): Group {
  const bars = rowsOf(result, base).flatMap(({ gateway, toBase }) => (toBase ? [{ gateway, ratio: toBase }] : []));
  return { name: result.scenario.name, what: result.scenario.what, bars };
}

/** Where a ratio lies from left to right. */
interface Scale {
  readonly longest: number;
  at(ratio: number): number;
}

function scale(longest: number): Scale {
  return { longest, at: (ratio) => Left + (Math.min(ratio, longest) / longest) * (Width - Left - Right) };
}

function style(): string {
  const fills = (theme: "light" | "dark"): string =>
    Palette.map((colour) => `.${colour.gateway} { fill: ${colour[theme]}; }`).join(" ");
  return `<style>
  text { font: 12px system-ui, sans-serif; fill: #1f2328; stroke: #ffffff; stroke-width: 3; paint-order: stroke; } .title { font-size: 15px; font-weight: 600; } .name { font-weight: 600; }
  .what, .tick { font-size: 11px; fill: #59636e; } .ground { fill: #ffffff; } .grid { stroke: #d8dee4; } .base { stroke: #1f2328; }
  .whisker { stroke: #1f2328; stroke-width: 1.5; fill: none; } ${fills("light")}
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; stroke: #0d1117; } .what, .tick { fill: #9198a1; } .ground { fill: #0d1117; } .grid { stroke: #30363d; }
    .base, .whisker { stroke: #e6edf3; } ${fills("dark")}
  }
</style>`;
}

/** The gateways that have bars, in the order of the palette, and the line that is the base. */
function legend(groups: readonly Group[], base: string): string {
  const shown = new Set(groups.flatMap(({ bars }) => bars.map(({ gateway }) => gateway)));
  const known = Palette.filter(({ gateway }) => shown.has(gateway));
  const entries = known.map(({ gateway }, index) => {
    const x = Left + index * LegendPitch;
    return `<rect class="${gateway}" x="${x}" y="40" width="10" height="10" rx="2"/><text x="${x + 15}" y="49">${gateway}</text>`;
  });
  const x = Left + known.length * LegendPitch;
  const line = `<line class="base" x1="${x + 5}" x2="${x + 5}" y1="38" y2="52"/><text x="${x + 15}" y="49">${escaped(base)}</text>`;
  return [...entries, line].join("\n");
}

function grid({ longest, at }: Scale, bottom: number): string {
  const step = longest > 2 ? 0.5 : 0.25;
  const ticks = Array.from({ length: Math.floor(longest / step) + 1 }, (_, index) => index * step);
  return ticks
    .map((ratio) => {
      const x = place(at(ratio));
      const line = `<line class="${ratio === 1 ? "base" : "grid"}" x1="${x}" x2="${x}" y1="${Top - 8}" y2="${bottom}"/>`;
      return `${line}<text class="tick" x="${x}" y="${bottom + 16}" text-anchor="middle">${ratio}</text>`;
    })
    .join("\n");
}

function groupMarks({ name, what, bars }: Group, top: number, xOf: Scale): string {
  const words =
    `<text class="name" x="16" y="${top + 11}">${escaped(name)}</text>` +
    `<text class="what" x="16" y="${top + 26}">${escaped(what)}</text>`;
  return [words, ...bars.map((bar, index) => barMarks(bar, top + index * BarPitch, xOf))].join("\n");
}

function barMarks({ gateway, ratio }: Bar, top: number, { longest, at }: Scale): string {
  const [low, end, high] = [at(ratio.low), at(ratio.median), at(ratio.high)].map(place);
  const middle = top + BarHeight / 2;
  const isCut = ratio.median > longest;
  const bar = `<rect class="${gateway}" x="${Left}" y="${top}" width="${place(Number(end) - Left)}" height="${BarHeight}" rx="2"/>`;
  const whisker = `<path class="whisker" d="M${low} ${middle}H${high}M${low} ${middle - 3}v6M${high} ${middle - 3}v6"/>`;
  const figure = `<text x="${place(Number(high) + 6)}" y="${middle + 4}">${isCut ? "→ " : ""}${ratio.median.toFixed(2)}</text>`;
  return `${bar}${isCut ? "" : whisker}${figure}`;
}

function place(pixels: number): string {
  return String(Math.round(pixels * 10) / 10);
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
