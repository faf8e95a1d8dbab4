import type { Recorder } from '../runtime/recorder.js';
import { dispatch, scratch } from '../runtime/recorder.js';
import { note } from '../runtime/tape.js';
import type { Tensor } from '../runtime/tensor.js';
import { expectShape, extent, reshape, sizeOf } from '../runtime/tensor.js';
import type { Activation } from './activation.js';
import { activationCode, activationReference } from './activation.js';
import type { Columns } from './columns.js';
import { expectColumns } from './columns.js';
import { activate, add, gatedResidual } from './elementwise.js';
import { dispatchInParts } from './splits.js';
import { sumRows } from './sum-rows.js';
import { transpose } from './transpose.js';

export interface LinearOptions {
  readonly bias?: Tensor | undefined;
  readonly activation?: Activation;
  /** Multiplies what is activated, before the residual is added: the paper's α of Eq. 9. */
  readonly gate?: Columns | undefined;
  /** Added to all that; the shape of y. */
  readonly residual?: Tensor | undefined;
  readonly label?: string;
  /** Where to write y, instead of scratch memory. */
  readonly into?: Tensor | undefined;
}

/** Up to so many rows each is a product of a matrix with a vector. */
const fewRows = 4;

/**
 * y = residual + gate·activation(x·Wᵀ + b): `torch.nn.functional.linear` and what a residual connection does with it.
 *
 * @param x `[…, inputs]`; all leading axes are rows.
 * @param weight `[outputs, inputs]`, f32 or f16.
 * @param options bias `[outputs]`; gate, `outputs` columns of a packed tensor with the rows of x; residual `[…,
 *   outputs]`.
 * @returns `[…, outputs]`.
 * @throws RangeError when shapes do not fit.
 */
export function linear(rec: Recorder, x: Tensor, weight: Tensor, options: LinearOptions = {}): Tensor {
  const { bias, activation = 'none', gate, residual, label = 'linear', into } = options;
  if (rec.tape && (activation !== 'none' || gate || residual)) return inSteps(rec, x, weight, options);
  expectShape('linear', weight, [-1, extent(x, x.shape.length - 1)]);
  const outputs = extent(weight, 0);
  const inputs = extent(weight, 1);
  if (bias) expectShape('linear', bias, [outputs]);
  const rows = sizeOf(x.shape) / inputs;
  const shape = [...x.shape.slice(0, -1), outputs];
  const y = into ? reshape(into, shape) : scratch(rec, label, shape);
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
    dispatch(rec, {
      kernel: 'conv1d_subgroup',
      constants: { ACTIVATION },
      params: { ...asConvolution(rows, inputs, outputs), ...epilogue },
      bindings,
      workgroups: [Math.ceil(outputs / 12), Math.ceil(rows / 32), 1],
    });
  } else if (inputs % 2 === 0) {
    const HIGH = rows <= 32 ? 4 : 8; // tiles of 8·HIGH rows
    const params = { rows, inputs, outputs, ...epilogue };
    const launch = { kernel: 'linear' as const, constants: { ACTIVATION, HIGH }, params, bindings };
    dispatchInParts(rec, launch, Math.ceil(inputs / 16), (splits) => [
      Math.ceil(outputs / 64),
      Math.ceil(rows / (8 * HIGH)),
      splits,
    ]);
  } else {
    const params = { ...asConvolution(rows, inputs, outputs), ...epilogue };
    const launch = { kernel: 'conv1d' as const, constants: { ACTIVATION }, params, bindings };
    dispatchInParts(rec, launch, Math.ceil(inputs / 16), (splits) => [
      splits * Math.ceil(outputs / 64),
      Math.ceil(rows / 64),
      1,
    ]);
  }
  noteLinear(rec, x, weight, bias, y);
  return y;
}

/** A linear layer is a convolution with one tap. */
const asConvolution = (rows: number, inputs: number, outputs: number) => ({
  ...{ frames: rows, channels: inputs, outFrames: rows, outChannels: outputs },
  ...{ taps: 1, stride: 1, padding: 0, groups: 1 },
});

/** With a tape the end of the product is made of operators of their own: adjoints need what is activated and gated. */
function inSteps(rec: Recorder, x: Tensor, weight: Tensor, options: LinearOptions): Tensor {
  const { bias, activation = 'none', gate, residual, label = 'linear' } = options;
  const product = linear(rec, x, weight, { bias, label });
  const z = activation === 'none' ? product : activate(rec, product, activation, 1, label);
  if (!gate) return residual ? add(rec, residual, z, label) : z;
  if (!residual) throw new Error('linear: with a tape, a gate comes with a residual');
  return gatedResidual(rec, residual, gate, z, label);
}

/**
 * dx = dy·W, dW = dyᵀ·x, db = Σ_rows dy. Both are products of the same kernels, x·Wᵀ, once a factor is transposed,
 * which costs little beside them.
 */
function noteLinear(rec: Recorder, x: Tensor, weight: Tensor, bias: Tensor | undefined, y: Tensor): void {
  const [outputs, inputs] = [extent(weight, 0), extent(weight, 1)];
  const rows = sizeOf(x.shape) / inputs;
  note(rec, {
    operator: 'linear',
    inputs: [x, weight, ...(bias ? [bias] : [])],
    output: y,
    adjoint: ({ dy, wants, into, give }) => {
      const dRows = reshape(dy, [rows, outputs]);
      if (wants(x)) {
        const dx = linear(rec, dRows, transpose(rec, weight), {
          label: `d ${x.label}`,
          into: into(x, `d ${x.label}`),
        });
        give(x, dx);
      }
      if (wants(weight)) {
        const factors = [dRows, reshape(x, [rows, inputs])].map((factor) => transpose(rec, factor));
        const place = into(weight, `d ${weight.label}`);
        give(weight, linear(rec, factors[0]!, factors[1]!, { label: place.label, into: place }));
      }
      if (bias && wants(bias)) {
        const db = into(bias, `d ${bias.label}`);
        sumRows(rec, dy, { outer: 1, rows }, db);
        give(bias, db);
      }
    },
  });
}

/**
 * The plain twin of `linear`, in float64: x `[rows, inputs]`, weight `[outputs, inputs]` → `[rows, outputs]`, as are
 * gate and residual.
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

/** The adjoint of `linearReference` without activation, gate and residual, in float64. */
export function linearAdjointReference(
  x: ArrayLike<number>,
  weight: ArrayLike<number>,
  dy: ArrayLike<number>,
  { rows, inputs, outputs }: { rows: number; inputs: number; outputs: number },
): { dx: Float64Array; dWeight: Float64Array; dBias: Float64Array } {
  const dx = new Float64Array(rows * inputs);
  const dWeight = new Float64Array(outputs * inputs);
  const dBias = new Float64Array(outputs);
  for (let m = 0; m < rows; m++) {
    for (let n = 0; n < outputs; n++) {
      const d = dy[m * outputs + n]!;
      dBias[n]! += d;
      for (let k = 0; k < inputs; k++) {
        dx[m * inputs + k]! += d * weight[n * inputs + k]!;
        dWeight[n * inputs + k]! += d * x[m * inputs + k]!;
      }
    }
  }
  return { dx, dWeight, dBias };
}
