import type { Colour } from './identity.js';

/** A pixel while it is painted, layer over layer. */
export interface Pixel {
  /** Its centre in the picture, −1 … 1, y down. */
  readonly u: number;
  readonly v: number;
  /** The same in the head's own coordinates, which roll and shift with it. */
  readonly x: number;
  readonly y: number;
  /** 0 … 1. */
  red: number;
  green: number;
  blue: number;
}

/** Paints one layer of the picture over a pixel. */
export type Layer = (pixel: Pixel) => void;

/** Lays a colour over what is there; `cover` 0 … 1 is how much of the pixel it covers. */
export function paint(pixel: Pixel, cover: number, [red, green, blue]: Colour): void {
  pixel.red += cover * (red - pixel.red);
  pixel.green += cover * (green - pixel.green);
  pixel.blue += cover * (blue - pixel.blue);
}

/** Darkens (factor < 1) what is there. */
export function shade(pixel: Pixel, cover: number, factor: number): void {
  const by = 1 + cover * (factor - 1);
  pixel.red *= by;
  pixel.green *= by;
  pixel.blue *= by;
}

export function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

/**
 * How much of a pixel a shape covers whose edge is `distance` away (negative inside), the edge being `width` wide. With
 * the width of a pixel that is antialiasing, with more a soft edge.
 */
export function coverage(distance: number, width: number): number {
  return clamp(0.5 - distance / width, 0, 1);
}

/** About the distance to an ellipse of half axes a, b. */
export function ellipse(x: number, y: number, a: number, b: number): number {
  return (Math.sqrt((x / a) ** 2 + (y / b) ** 2 + 1e-8) - 1) * Math.min(a, b);
}

/** The distance to a line with round ends, of half the thickness r. */
export function capsule(
  x: number,
  y: number,
  [x0, y0]: readonly [number, number],
  [x1, y1]: readonly [number, number],
  r: number,
): number {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const t = clamp(((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy + 1e-8), 0, 1);
  return Math.hypot(x - x0 - t * dx, y - y0 - t * dy) - r;
}
