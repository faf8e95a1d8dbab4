/**
 * Where each pixel is fetched from, minus where it is, in pixels. A grid value g means the place ((g + 1)·side − 1)/2,
 * as grid_sample reads it (Sec. 3 of docs/model.md); a grid at rest is therefore up to half a pixel off at the borders
 * (Quirk).
 *
 * @param grid `[side, side, 2]`, x then y, −1 … 1.
 * @returns `[side, side, 2]`.
 */
export function flowInPixels(grid: Float32Array, side: number): Float32Array<ArrayBuffer> {
  return Float32Array.from(grid, (g, at) => {
    const pixel = at >> 1;
    const place = at % 2 === 0 ? pixel % side : Math.floor(pixel / side);
    return ((g + 1) * side - 1) / 2 - place;
  });
}

/** The mean over channels of |x|: x `[channels, positions]` → `[positions]`. */
export function meanMagnitude(x: Float32Array, positions: number): Float32Array<ArrayBuffer> {
  const mean = new Float32Array(positions);
  const channels = x.length / positions;
  for (let start = 0; start < x.length; start += positions) {
    for (let i = 0; i < positions; i++) mean[i]! += Math.abs(x[start + i]!) / channels;
  }
  return mean;
}

export function divide(values: Float32Array, by: number): Float32Array<ArrayBuffer> {
  return Float32Array.from(values, (value) => (by > 0 ? value / by : 0));
}

export function largest(values: Float32Array): number {
  return values.reduce((most, value) => Math.max(most, value), -Infinity);
}
