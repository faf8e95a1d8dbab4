import type { Tensor } from '../runtime/tensor.js';

/**
 * A convolution's weights on the GPU, packed as the kernels read them: `[taps, inputs, outputs rounded up to 4]`, a
 * tap's weights together and neighbouring outputs side by side.
 */
export interface ConvWeight {
  readonly tensor: Tensor;
  readonly outputs: number;
}

export interface ConvSize {
  readonly outputs: number;
  readonly inputs: number;
  /** Taps on each axis. */
  readonly kernel: number;
}

/** What packing makes: the shape and values of a `ConvWeight`'s tensor. */
export interface PackedWeight {
  readonly shape: readonly [number, number, number];
  readonly data: Float32Array<ArrayBuffer>;
}

/**
 * Packs PyTorch's weights `[outputs, inputs, kernel, kernel]`, multiplied by `scale`; taps in the order (ky, kx).
 */
export function packWeight(weight: ArrayLike<number>, size: ConvSize, scale = 1): PackedWeight {
  return packTaps(weight, size, scale, [...Array(size.kernel ** 2).keys()]);
}

/**
 * The nine taps of a 3×3 convolution transposed with stride 2, as four convolutions, one for each parity of output row
 * and column: y[2v+ky, 2u+kx] += x[v,u]·w[ky,kx] says that an even row takes w[2] from the row before and w[0] from its
 * own, an odd one w[1] from its own. Tap = 3·ky + kx.
 */
const phaseTaps: readonly number[] = [
  ...[8, 6, 2, 0], // even row, even column
  ...[7, 1], // even, odd
  ...[5, 3], // odd, even
  ...[4], // odd, odd
];

/**
 * Packs weights `[outputs, inputs, 3, 3]` for the transposed convolution of stride 2, multiplied by `scale`.
 */
export function packTransposedWeight(weight: ArrayLike<number>, size: ConvSize, scale = 1): PackedWeight {
  if (size.kernel !== 3) throw new RangeError(`transposed convolution has 3×3 taps, not ${size.kernel}`);
  return packTaps(weight, size, scale, phaseTaps);
}

function packTaps(
  weight: ArrayLike<number>,
  { outputs, inputs, kernel }: ConvSize,
  scale: number,
  taps: readonly number[],
): PackedWeight {
  const area = kernel ** 2;
  if (weight.length !== outputs * inputs * area) {
    throw new RangeError(`${weight.length} weights for [${outputs},${inputs},${kernel},${kernel}]`);
  }
  const stride = Math.ceil(outputs / 4) * 4;
  const data = new Float32Array(taps.length * inputs * stride);
  taps.forEach((tap, t) => {
    for (let i = 0; i < inputs; i++) {
      const to = (t * inputs + i) * stride;
      for (let o = 0; o < outputs; o++) data[to + o] = scale * weight[(o * inputs + i) * area + tap]!;
    }
  });
  return { shape: [taps.length, inputs, stride], data };
}

/**
 * Σ over a kernel's taps of its squared weights, times scale²: `[outputs, inputs]`, summed in float64. What the
 * demodulation of a modulated convolution needs to know of the weights.
 */
export function squareSums(weight: ArrayLike<number>, { outputs, inputs, kernel }: ConvSize, scale = 1) {
  const area = kernel ** 2;
  return Float32Array.from({ length: outputs * inputs }, (_, pair) => {
    let sum = 0;
    for (let tap = 0; tap < area; tap++) sum += (scale * weight[pair * area + tap]!) ** 2;
    return sum;
  });
}
