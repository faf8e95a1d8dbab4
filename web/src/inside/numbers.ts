const short = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });
const share = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 0 });

/** "−0.123": three digits, with a minus sign and not a hyphen. */
export const number = (value: number) => short.format(Math.abs(value) < 5e-4 ? 0 : value).replace('-', '−');
/** A share of the whole; what is there but less than a hundredth is said to be so. */
export const percent = (part: number) =>
  part > 0 && part < 0.01 ? `<${share.format(0.01)}` : share.format(part);
/** Two decimals, for λ: "−0.12". */
export const coefficient = (value: number) =>
  (Math.abs(value) < 5e-3 ? 0 : value).toFixed(2).replace('-', '−');

/** About `count` round numbers that span from … to, steps of 1, 2 or 5 times a power of ten. */
export function niceTicks(from: number, to: number, count: number): number[] {
  if (!(to > from)) return [from];
  const rough = (to - from) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5].find((n) => n * power >= rough) ?? 10) * power;
  const first = Math.ceil(from / step - 1e-9);
  const last = Math.floor(to / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}

/** Least and most of the values, widened to hold 0 and by a twentieth; never empty. */
export function extentOf(lines: readonly ArrayLike<number>[]): [number, number] {
  let [least, most] = [0, 0];
  for (const line of lines) {
    for (let i = 0; i < line.length; i++) {
      least = Math.min(least, line[i]!);
      most = Math.max(most, line[i]!);
    }
  }
  const margin = (most - least || 1) / 20;
  return [least - margin, most + margin];
}

/** Of `[rows, columns]`, one column. */
export function columnOf(table: Float32Array, columns: number, column: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: table.length / columns }, (_, row) => table[row * columns + column]!);
}

/** Where the least and the most of the values are. */
export function extremes(values: ArrayLike<number>): { least: number; most: number } {
  let [least, most] = [0, 0];
  for (let i = 1; i < values.length; i++) {
    if (values[i]! < values[least]!) least = i;
    if (values[i]! > values[most]!) most = i;
  }
  return { least, most };
}

/** The columns of `[rows, columns]` by how far their values range, the widest first. */
export function byRange(table: Float32Array, columns: number): number[] {
  const ranges = Array.from({ length: columns }, (_, m) => {
    const values = columnOf(table, columns, m);
    const { least, most } = extremes(values);
    return values[most]! - values[least]!;
  });
  return ranges.map((_, m) => m).sort((a, b) => ranges[b]! - ranges[a]!);
}
