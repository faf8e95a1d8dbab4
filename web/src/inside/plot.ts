import { extentOf, niceTicks, number } from './numbers.js';
import type { Theme } from './theme.js';

export interface Line {
  readonly values: ArrayLike<number>;
  readonly colour: string;
  readonly width?: number;
  readonly opacity?: number;
}

export interface Plot {
  /** Where the lines' values are, ascending. */
  readonly x: ArrayLike<number>;
  readonly lines: readonly Line[];
  readonly xTitle: string;
  readonly yTitle: string;
  /** Index into x: a vertical line there, and dots on the lines. */
  readonly cursor?: number | undefined;
  /** A mark at the left edge of each line. */
  readonly marks?: readonly { readonly value: number; readonly colour: string }[];
  /** Draw a dot at each value. */
  readonly dots?: boolean;
}

const inset = { left: 44, right: 12, top: 22, bottom: 34 };

/** Draws lines over x with axes, in CSS pixels. */
export function drawPlot(
  c: CanvasRenderingContext2D,
  width: number,
  height: number,
  theme: Theme,
  plot: Plot,
) {
  const { x, lines, cursor } = plot;
  const [from, to] = [x[0] ?? 0, x[x.length - 1] ?? 1];
  const marked = plot.marks?.map(({ value }) => value) ?? [];
  const [least, most] = extentOf([...lines.map(({ values }) => values), marked]);
  const bottom = height - inset.bottom;
  const right = width - inset.right;
  const across = (value: number) =>
    inset.left + (to > from ? (value - from) / (to - from) : 0.5) * (right - inset.left);
  const up = (value: number) => bottom - ((value - least) / (most - least)) * (bottom - inset.top);

  c.clearRect(0, 0, width, height);
  c.font = `12px ${theme.font}`;
  c.lineJoin = 'round';
  drawAxes();
  for (const { values, colour, width: lineWidth = 1.75, opacity = 1 } of lines) {
    c.globalAlpha = opacity;
    c.strokeStyle = c.fillStyle = colour;
    c.lineWidth = lineWidth;
    c.beginPath();
    for (let i = 0; i < x.length; i++) c.lineTo(across(x[i]!), up(values[i]!));
    c.stroke();
    if (plot.dots) for (let i = 0; i < x.length; i++) dot(x[i]!, values[i]!, 3);
  }
  c.globalAlpha = 1;
  for (const { value, colour } of plot.marks ?? []) {
    c.fillStyle = colour;
    c.fillRect(inset.left - 5, up(value) - 1.5, 10, 3);
  }
  if (cursor !== undefined && cursor < x.length) {
    c.strokeStyle = theme.text;
    c.lineWidth = 1;
    segment(across(x[cursor]!), inset.top, across(x[cursor]!), bottom);
    for (const { values, colour, opacity = 1 } of lines) {
      if (opacity < 1) continue;
      c.fillStyle = colour;
      dot(x[cursor]!, values[cursor]!, 3.5);
    }
  }

  function drawAxes() {
    c.lineWidth = 1;
    c.fillStyle = theme.muted;
    c.textAlign = 'right';
    c.textBaseline = 'middle';
    for (const tick of niceTicks(least, most, Math.max(2, (bottom - inset.top) / 34))) {
      c.strokeStyle = Math.abs(tick) < 1e-12 ? theme.muted : theme.border;
      segment(inset.left, up(tick), right, up(tick));
      c.fillText(number(tick), inset.left - 8, up(tick));
    }
    c.textAlign = 'center';
    c.textBaseline = 'top';
    for (const tick of niceTicks(from, to, Math.max(2, (right - inset.left) / 70))) {
      c.fillText(number(tick), across(tick), bottom + 5);
    }
    c.textAlign = 'right';
    c.textBaseline = 'bottom';
    c.fillText(plot.xTitle, right, height - 1);
    c.textAlign = 'left';
    c.textBaseline = 'top';
    c.fillText(plot.yTitle, 0, 2);
  }

  function dot(at: number, value: number, radius: number) {
    c.beginPath();
    c.arc(across(at), up(value), radius, 0, 2 * Math.PI);
    c.fill();
  }

  function segment(x1: number, y1: number, x2: number, y2: number) {
    c.beginPath();
    c.moveTo(Math.round(x1) + 0.5, Math.round(y1) + 0.5);
    c.lineTo(Math.round(x2) + 0.5, Math.round(y2) + 0.5);
    c.stroke();
  }
}

/** The index into x nearest to a place `left` CSS pixels from the plot's left edge. */
export function indexAt(left: number, width: number, x: ArrayLike<number>): number {
  const [from, to] = [x[0] ?? 0, x[x.length - 1] ?? 1];
  const value = from + ((left - inset.left) / (width - inset.right - inset.left)) * (to - from);
  let nearest = 0;
  for (let i = 1; i < x.length; i++) {
    if (Math.abs(x[i]! - value) < Math.abs(x[nearest]! - value)) nearest = i;
  }
  return nearest;
}
