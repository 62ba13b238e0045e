/** Just enough SVG for the figures of the benchmarks: shapes as text, and an axis of ratios. */

const escaped = (text: string): string => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
/** A tenth of a pixel is fine enough, and keeps differences between versions small. */
const pixel = (value: number): string => String(Math.round(value * 10) / 10);

export const INK = "#24292f";
export const FAINT = "#d0d7de";
export const MUTED = "#57606a";
/** Distinct also to those who do not tell red from green. */
export const PALETTE = ["#0969da", "#bc4c00", "#54aeff", "#fb8f44"] as const;

export interface TextStyle {
  readonly size?: number;
  readonly anchor?: "start" | "middle" | "end";
  readonly bold?: boolean;
  readonly fill?: string;
}

export const label = (x: number, y: number, text: string, { size = 12, anchor = "start", bold = false, fill = INK }: TextStyle = {}): string =>
  `<text x="${pixel(x)}" y="${pixel(y)}" font-size="${size}" text-anchor="${anchor}"${bold ? ' font-weight="bold"' : ""} fill="${fill}">${escaped(text)}</text>`;

export const bar = (x: number, y: number, width: number, height: number, fill: string): string =>
  `<rect x="${pixel(x)}" y="${pixel(y)}" width="${pixel(width)}" height="${pixel(height)}" fill="${fill}"/>`;

export const line = (points: readonly (readonly [x: number, y: number])[], stroke: string, { width = 1, dashed = false } = {}): string =>
  `<polyline points="${points.map(([x, y]) => `${pixel(x)},${pixel(y)}`).join(" ")}" fill="none" stroke="${stroke}" stroke-width="${width}"${dashed ? ' stroke-dasharray="4 3"' : ""}/>`;

export const dot = (x: number, y: number, fill: string): string => `<circle cx="${pixel(x)}" cy="${pixel(y)}" r="3" fill="${fill}"/>`;

/** A whole picture, on white whatever lies behind it. */
export const picture = (width: number, height: number, title: string, shapes: readonly string[]): string =>
  [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...shapes,
    "</svg>",
    "",
  ].join("\n");

export interface RatioAxis {
  /** Where a ratio is, in pixels. */
  readonly at: (ratio: number) => number;
  /** What to mark, ends included. */
  readonly ticks: readonly number[];
}

/** Logarithmic, so that twice and half are equally far from 1; from one power of two to another, 1 and 0.5 always among them. */
export const ratioAxis = (ratios: readonly number[], from: number, to: number): RatioAxis => {
  const logs = ratios.map((ratio) => Math.log2(ratio));
  const lowest = Math.min(-1, Math.floor(Math.min(...logs)));
  const highest = Math.max(1, Math.ceil(Math.max(...logs)));
  return {
    at: (ratio) => from + ((Math.log2(ratio) - lowest) / (highest - lowest)) * (to - from),
    ticks: Array.from({ length: highest - lowest + 1 }, (_, index) => 2 ** (lowest + index)),
  };
};

/** 4, 0.5, 0.063. */
export const ratioText = (ratio: number): string => (ratio >= 10 ? ratio.toFixed(0) : String(Number(ratio.toPrecision(2))));
