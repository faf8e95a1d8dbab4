/**
 * The colour of a displacement: its direction is the hue (right is red, and on as the hand of a clock goes, y pointing down), its size
 * the saturation; at `most` pixels the colour is full. At rest it is white.
 *
 * @returns R, G, B, 0 … 255.
 */
export function flowColour(dx: number, dy: number, most: number): [number, number, number] {
  const size = most > 0 ? Math.min(1, Math.hypot(dx, dy) / most) : 0;
  const hue = ((Math.atan2(dy, dx) / (2 * Math.PI) + 1) % 1) * 6;
  const channel = (n: number) => {
    const full = Math.min(1, Math.max(0, Math.abs(((hue + n) % 6) - 3) - 1));
    return Math.round(255 * (1 - size * (1 - full)));
  };
  return [channel(0), channel(4), channel(2)];
}

/** The wheel's RGBA picture of a flow `[side, side, 2]`. */
export function flowPixels(flow: Float32Array, most: number): Uint8ClampedArray<ArrayBuffer> {
  const pixels = new Uint8ClampedArray(flow.length * 2).fill(255);
  for (let at = 0; at < flow.length; at += 2) {
    pixels.set(flowColour(flow[at]!, flow[at + 1]!, most), at * 2);
  }
  return pixels;
}

/** The wheel itself as a flow `[side, side, 2]` of at most 1 pixel, for the legend; outside the circle it is still. */
export function wheelFlow(side: number): Float32Array<ArrayBuffer> {
  const flow = new Float32Array(side * side * 2);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const [dx, dy] = [(2 * x + 1) / side - 1, (2 * y + 1) / side - 1];
      if (Math.hypot(dx, dy) <= 1) flow.set([dx, dy], (y * side + x) * 2);
    }
  }
  return flow;
}

/** Values 0 … 1 as RGBA from colour `from` to colour `to`. */
export function rampPixels(
  values: Float32Array,
  from: readonly number[],
  to: readonly number[],
): Uint8ClampedArray<ArrayBuffer> {
  const pixels = new Uint8ClampedArray(values.length * 4).fill(255);
  values.forEach((value, i) => {
    for (let c = 0; c < 3; c++) pixels[4 * i + c] = from[c]! + (to[c]! - from[c]!) * value;
  });
  return pixels;
}
