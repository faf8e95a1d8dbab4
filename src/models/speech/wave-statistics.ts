import { InputError } from '../../base/errors.js';

/** Mean and sum of squared deviations of `count` values. */
interface Moments {
  count: number;
  mean: number;
  squares: number;
}

/**
 * What the speech models need to know of a whole clip before they see its first frame, gathered in one pass over the
 * samples, in float64: the mean and variance of the wave, and those of every channel of the first convolution (the
 * group norm after it is per channel over all of time, Sec. 4 of docs/model.md).
 *
 * The latter follow from the windows of the convolution alone. Output t of channel c is w_c·x_t + b_c for the window
 * x_t of `taps` samples, so with the windows' mean m and covariance C
 *   mean_c = w_c·m + b_c,   variance_c = w_cᵀ·C·w_c.
 */
export interface WaveStatistics {
  /** Samples so far. */
  readonly count: number;
  /** Takes the samples that follow. Throws InputError for values that are not finite. */
  add(samples: Float32Array): void;
  /** Of the samples so far. Throws InputError when there are none. */
  wave(): { mean: number; deviation: number };
  /** Windows of the samples so far, and then of `padding` samples equal to the last. */
  windows(padding: number): { mean: Float64Array; covariance: Float64Array };
}

/** Samples, or windows, that are summed by themselves before they join the total. */
const blockSize = 4096;

/** @param taps of the first convolution; @param stride of it. */
export function createWaveStatistics(taps: number, stride: number): WaveStatistics {
  const wave: Moments = { count: 0, mean: 0, squares: 0 };
  const windows = createWindowMoments(taps, stride);
  let last = 0;
  return {
    get count() {
      return wave.count;
    },
    add(samples) {
      for (let start = 0; start < samples.length; start += blockSize) {
        const block = samples.subarray(start, start + blockSize);
        merge(wave, momentsOf(block));
        if (!Number.isFinite(wave.squares)) throw new InputError('speech: expected finite samples');
        windows.add(block);
      }
      last = samples.at(-1) ?? last;
    },
    wave() {
      if (wave.count === 0) throw new InputError('speech: expected at least one sample, got none');
      return { mean: wave.mean, deviation: Math.sqrt(wave.squares / wave.count + 1e-7) };
    },
    windows(padding) {
      const padded = windows.copy();
      padded.add(new Float32Array(padding).fill(last));
      return padded.moments();
    },
  };
}

function momentsOf(values: Float32Array): Moments {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  return {
    count: values.length,
    mean,
    squares: values.reduce((sum, x) => sum + (x - mean) ** 2, 0),
  };
}

/** The moments of two sets together (Chan, Golub & LeVeque 1979): no difference of large numbers. */
function merge(into: Moments, { count, mean, squares }: Moments): void {
  const total = into.count + count;
  const difference = mean - into.mean;
  into.squares += squares + (difference ** 2 * into.count * count) / total;
  into.mean += (difference * count) / total;
  into.count = total;
}

interface WindowState {
  /** Samples that later windows still need. */
  tail: Float32Array;
  /** Samples to come that no window needs: where the stride is longer than a window. */
  skip: number;
  count: number;
  readonly mean: Float64Array;
  /** Σ (x_i − mean_i)(x_j − mean_j), `[taps, taps]`, the half j ≤ i. */
  readonly products: Float64Array;
}

interface WindowMoments {
  add(samples: Float32Array): void;
  moments(): { mean: Float64Array; covariance: Float64Array };
  copy(): WindowMoments;
}

function createWindowMoments(
  taps: number,
  stride: number,
  state: WindowState = {
    tail: new Float32Array(),
    skip: 0,
    count: 0,
    mean: new Float64Array(taps),
    products: new Float64Array(taps * taps),
  },
): WindowMoments {
  return {
    add(samples) {
      const wanted = samples.subarray(state.skip);
      state.skip -= samples.length - wanted.length;
      const x = new Float32Array(state.tail.length + wanted.length);
      x.set(state.tail);
      x.set(wanted, state.tail.length);
      const count = x.length < taps ? 0 : Math.floor((x.length - taps) / stride) + 1;
      if (count > 0) addWindows(state, x, { taps, stride, count });
      state.tail = x.slice(count * stride);
      state.skip += Math.max(0, count * stride - x.length);
    },
    moments() {
      const covariance = new Float64Array(taps * taps);
      for (let i = 0; i < taps; i++) {
        for (let j = 0; j < taps; j++) {
          const [row, column] = i < j ? [j, i] : [i, j];
          covariance[i * taps + j] = (state.products[row * taps + column] ?? 0) / Math.max(1, state.count);
        }
      }
      return { mean: state.mean.slice(), covariance };
    },
    copy: () =>
      createWindowMoments(taps, stride, {
        ...state,
        mean: state.mean.slice(),
        products: state.products.slice(),
      }),
  };
}

/** `merge`, for vectors. */
function addWindows(
  state: WindowState,
  x: Float32Array,
  { taps, stride, count }: { taps: number; stride: number; count: number },
): void {
  const mean = new Float64Array(taps);
  for (let t = 0; t < count; t++) {
    for (let i = 0; i < taps; i++) mean[i]! += x[t * stride + i]! / count;
  }
  const products = new Float64Array(taps * taps);
  const deviations = new Float64Array(taps);
  for (let t = 0; t < count; t++) {
    for (let i = 0; i < taps; i++) {
      const deviation = x[t * stride + i]! - mean[i]!;
      deviations[i] = deviation;
      for (let j = 0; j <= i; j++) products[i * taps + j]! += deviation * deviations[j]!;
    }
  }
  const total = state.count + count;
  const differences = mean.map((value, i) => value - state.mean[i]!);
  for (let i = 0; i < taps; i++) {
    for (let j = 0; j <= i; j++) {
      const between = (differences[i]! * differences[j]! * state.count * count) / total;
      state.products[i * taps + j]! += products[i * taps + j]! + between;
    }
  }
  differences.forEach((difference, i) => (state.mean[i]! += (difference * count) / total));
  state.count = total;
}
