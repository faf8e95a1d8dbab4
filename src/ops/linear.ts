import type { Recorder } from '../runtime/recorder.js';
import { dispatch, scratch } from '../runtime/recorder.js';
import type { Tensor } from '../runtime/tensor.js';
import { expectShape, extent, sizeOf } from '../runtime/tensor.js';
import type { Activation } from './activation.js';
import { activationCode, activationReference } from './activation.js';

export interface LinearOptions {
  readonly bias?: Tensor | undefined;
  readonly activation?: Activation;
  readonly label?: string;
}

/** Up to so many rows each is a product of a matrix with a vector. */
const fewRows = 4;

/**
 * y = activation(x·Wᵀ + b): `torch.nn.functional.linear`.
 *
 * @param x `[…, inputs]`; all leading axes are rows.
 * @param weight `[outputs, inputs]`.
 * @param options bias `[outputs]`.
 * @returns `[…, outputs]`.
 * @throws RangeError when shapes do not fit.
 */
export function linear(rec: Recorder, x: Tensor, weight: Tensor, options: LinearOptions = {}): Tensor {
  const { bias, activation = 'none', label = 'linear' } = options;
  expectShape('linear', weight, [-1, extent(x, x.shape.length - 1)]);
  const outputs = extent(weight, 0);
  const inputs = extent(weight, 1);
  if (bias) expectShape('linear', bias, [outputs]);
  const rows = sizeOf(x.shape) / inputs;
  const y = scratch(rec, label, [...x.shape.slice(0, -1), outputs]);
  const epilogue = { hasBias: bias ? 1 : 0, activation: activationCode[activation] };
  const bindings = { x, w: weight, bias: bias ?? weight, y };
  if (rows <= fewRows) {
    dispatch(rec, {
      kernel: 'linear_row',
      params: { rows, inputs, outputs, ...epilogue },
      bindings,
      workgroups: [Math.ceil(outputs / 8), rows],
    });
  } else if (rec.gpu.tuning.product === 'subgroup' && inputs % 4 === 0) {
    // A linear layer is a convolution with one tap.
    const size = { frames: rows, channels: inputs, outFrames: rows, outChannels: outputs };
    dispatch(rec, {
      kernel: 'conv1d_subgroup',
      params: { ...size, taps: 1, stride: 1, padding: 0, groups: 1, ...epilogue },
      bindings,
      workgroups: [Math.ceil(outputs / 12), Math.ceil(rows / 32), 1],
    });
  } else {
    dispatch(rec, {
      kernel: 'linear',
      params: { rows, inputs, outputs, ...epilogue },
      bindings,
      workgroups: [Math.ceil(outputs / 64), Math.ceil(rows / 64)],
    });
  }
  return y;
}

/** The plain twin of `linear`, in float64: x `[rows, inputs]`, weight `[outputs, inputs]` → `[rows, outputs]`. */
export function linearReference(
  x: ArrayLike<number>,
  weight: ArrayLike<number>,
  bias: ArrayLike<number> | undefined,
  { rows, inputs, outputs }: { rows: number; inputs: number; outputs: number },
  activation: Activation = 'none',
): Float64Array {
  const y = new Float64Array(rows * outputs);
  for (let m = 0; m < rows; m++) {
    for (let n = 0; n < outputs; n++) {
      let sum = bias?.[n] ?? 0;
      for (let k = 0; k < inputs; k++) sum += (x[m * inputs + k] ?? 0) * (weight[n * inputs + k] ?? 0);
      y[m * outputs + n] = activationReference(activation, sum);
    }
  }
  return y;
}
