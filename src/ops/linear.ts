import type { Recorder } from '../runtime/recorder.js';
import { dispatch, scratch } from '../runtime/recorder.js';
import type { Tensor } from '../runtime/tensor.js';
import { expectShape, extent, sizeOf } from '../runtime/tensor.js';
import type { Activation } from './activation.js';
import { activationCode, activationReference } from './activation.js';
import type { Columns } from './columns.js';
import { expectColumns } from './columns.js';

export interface LinearOptions {
  readonly bias?: Tensor | undefined;
  readonly activation?: Activation;
  /** Multiplies what is activated, before the residual is added: the paper's α of Eq. 9. */
  readonly gate?: Columns | undefined;
  /** Added to all that; the shape of y. */
  readonly residual?: Tensor | undefined;
  readonly label?: string;
}

/** Up to so many rows each is a product of a matrix with a vector. */
const fewRows = 4;

/**
 * y = residual + gate·activation(x·Wᵀ + b): `torch.nn.functional.linear` and what a residual connection does with it.
 *
 * @param x `[…, inputs]`; all leading axes are rows.
 * @param weight `[outputs, inputs]`, f32 or f16.
 * @param options bias `[outputs]`; gate, `outputs` columns of a packed tensor with the rows of x; residual `[…, outputs]`.
 * @returns `[…, outputs]`.
 * @throws RangeError when shapes do not fit.
 */
export function linear(rec: Recorder, x: Tensor, weight: Tensor, options: LinearOptions = {}): Tensor {
  const { bias, activation = 'none', gate, residual, label = 'linear' } = options;
  expectShape('linear', weight, [-1, extent(x, x.shape.length - 1)]);
  const outputs = extent(weight, 0);
  const inputs = extent(weight, 1);
  if (bias) expectShape('linear', bias, [outputs]);
  const rows = sizeOf(x.shape) / inputs;
  const y = scratch(rec, label, [...x.shape.slice(0, -1), outputs]);
  if (residual) expectShape('linear', residual, y.shape);
  const epilogue = {
    hasBias: bias ? 1 : 0,
    hasGate: gate ? 1 : 0,
    gateWidth: gate ? expectColumns('linear', gate, rows, outputs) : 0,
    gateOffset: gate?.offset ?? 0,
    hasResidual: residual ? 1 : 0,
  };
  const bindings = { x, w: weight, bias, gate: gate?.packed, residual, y };
  const ACTIVATION = activationCode[activation];
  const lanes = rec.gpu.matrixLanes;
  if (rows <= fewRows) {
    dispatch(rec, {
      kernel: 'linear_row',
      constants: { ACTIVATION },
      params: { rows, inputs, outputs, ...epilogue },
      bindings,
      workgroups: [Math.ceil(outputs / 8), rows],
    });
  } else if (lanes !== undefined && weight.precision === 'f16' && inputs % 32 === 0 && outputs % 64 === 0) {
    dispatch(rec, {
      kernel: 'linear_matrix',
      constants: { ACTIVATION, LANES: lanes },
      params: { rows, inputs, outputs, ...epilogue },
      bindings,
      workgroups: [outputs / 64, Math.ceil(rows / 32)],
    });
  } else if (rec.gpu.tuning.product === 'subgroup' && inputs % 4 === 0) {
    // A linear layer is a convolution with one tap.
    const size = { frames: rows, channels: inputs, outFrames: rows, outChannels: outputs };
    dispatch(rec, {
      kernel: 'conv1d_subgroup',
      constants: { ACTIVATION },
      params: { ...size, taps: 1, stride: 1, padding: 0, groups: 1, ...epilogue },
      bindings,
      workgroups: [Math.ceil(outputs / 12), Math.ceil(rows / 32), 1],
    });
  } else {
    const { WIDE, HIGH } = rec.gpu.tuning.linearTile;
    dispatch(rec, {
      kernel: 'linear',
      constants: { ACTIVATION, WIDE, HIGH },
      params: { rows, inputs, outputs, ...epilogue },
      bindings,
      workgroups: [Math.ceil(outputs / (4 * WIDE)), Math.ceil(rows / (8 * HIGH))],
    });
  }
  return y;
}

/**
 * The plain twin of `linear`, in float64: x `[rows, inputs]`, weight `[outputs, inputs]` → `[rows, outputs]`, as are gate and
 * residual.
 */
export function linearReference(
  x: ArrayLike<number>,
  weight: ArrayLike<number>,
  bias: ArrayLike<number> | undefined,
  { rows, inputs, outputs }: { rows: number; inputs: number; outputs: number },
  activation: Activation = 'none',
  { gate, residual }: { gate?: ArrayLike<number> | undefined; residual?: ArrayLike<number> | undefined } = {},
): Float64Array {
  const y = new Float64Array(rows * outputs);
  for (let m = 0; m < rows; m++) {
    for (let n = 0; n < outputs; n++) {
      let sum = bias?.[n] ?? 0;
      for (let k = 0; k < inputs; k++) sum += (x[m * inputs + k] ?? 0) * (weight[n * inputs + k] ?? 0);
      const at = m * outputs + n;
      y[at] = (residual?.[at] ?? 0) + (gate?.[at] ?? 1) * activationReference(activation, sum);
    }
  }
  return y;
}
