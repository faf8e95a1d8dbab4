/**
 * The colour of a displacement: its direction is the hue (right is red, and on as the hand of a clock goes, y pointing
 * down), its size the saturation. At rest it is white, at length 1 and beyond the colour is full.
 *
 * @returns R, G, B, 0 … 255.
 */
export function flowColour(dx: number, dy: number): [number, number, number] {
  const size = Math.min(1, Math.sqrt(dx * dx + dy * dy));
  const hue = ((Math.atan2(dy, dx) / (2 * Math.PI) + 1) % 1) * 6;
  const channel = (n: number) => {
    const full = Math.min(1, Math.max(0, Math.abs(((hue + n) % 6) - 3) - 1));
    return Math.round(255 * (1 - size * (1 - full)));
  };
  return [channel(0), channel(4), channel(2)];
}

/**
 * Pixels are painted from tables, four bytes at a time: a 512² picture takes a few milliseconds of the page's thread.
 */
const reach = 64;
const tableSide = 2 * reach + 1;
let wheel: Uint32Array | undefined;

/** The colours of displacements in steps of 1/`reach`, `[tableSide, tableSide]`. */
function wheelTable(): Uint32Array {
  wheel ??= Uint32Array.from({ length: tableSide ** 2 }, (_, at) => {
    const [row, column] = [Math.floor(at / tableSide), at % tableSide];
    return packed(flowColour(column / reach - 1, row / reach - 1));
  });
  return wheel;
}

/** The RGBA picture of a flow `[side, side, 2]` whose colours are full at `most` pixels. */
export function flowPixels(flow: Float32Array, most: number): Uint8ClampedArray<ArrayBuffer> {
  const table = wheelTable();
  const scale = most > 0 ? reach / most : 0;
  const step = (d: number) => Math.max(0, Math.min(2 * reach, Math.round(d * scale) + reach));
  const pixels = new Uint32Array(flow.length / 2);
  for (let i = 0; i < pixels.length; i++) {
    pixels[i] = table[step(flow[2 * i + 1]!) * tableSide + step(flow[2 * i]!)]!;
  }
  return new Uint8ClampedArray(pixels.buffer);
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

/** Values 0 … 1 as RGBA from colour `from` to colour `to`, in 256 steps. */
export function rampPixels(
  values: Float32Array,
  from: readonly number[],
  to: readonly number[],
): Uint8ClampedArray<ArrayBuffer> {
  const table = Uint32Array.from({ length: 256 }, (_, step) =>
    packed(from.map((start, c) => Math.round(start + ((to[c]! - start) * step) / 255))),
  );
  const pixels = new Uint32Array(values.length);
  for (let i = 0; i < pixels.length; i++) pixels[i] = table[Math.round(values[i]! * 255)]!;
  return new Uint8ClampedArray(pixels.buffer);
}

/** R, G, B and alpha 255, as they lie in memory (WebGPU's machines are little-endian). */
function packed([red = 0, green = 0, blue = 0]: readonly number[]): number {
  return (255 << 24) | (blue << 16) | (green << 8) | red;
}
