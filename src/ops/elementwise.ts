import type { Recorder } from '../runtime/recorder.js';
import { dispatch, flatGrid, scratch } from '../runtime/recorder.js';
import { note } from '../runtime/tape.js';
import type { Tensor } from '../runtime/tensor.js';
import { describe, expectShape, extent, sizeOf } from '../runtime/tensor.js';
import { activationCode, activationReference, erfcReference } from './activation.js';
import type { Columns } from './columns.js';
import { expectColumns } from './columns.js';
import { sumRows } from './sum-rows.js';

/**
 * x + z. z has the shape of x; or fewer axes, the last ones of x (`[C]` or `[T,C]`, added to every row or every batch
 * entry of `[B,T,C]`); or as many with one of them 1 (`[B,1,C]`, added to every row of its batch entry).
 *
 * @returns the shape of x.
 * @throws RangeError when shapes do not fit.
 */
export function add(rec: Recorder, x: Tensor, z: Tensor, label = 'add'): Tensor {
  const { repeats, inner } = broadcast(x, z);
  const count = sizeOf(x.shape);
  const y = scratch(rec, label, x.shape);
  dispatch(rec, {
    kernel: 'add',
    params: { count, repeats, inner },
    bindings: { x, z, y },
    workgroups: flatGrid(count, 64),
  });
  note(rec, {
    operator: 'add',
    inputs: [x, z],
    output: y,
    adjoint: ({ dy, wants, into, give }) => {
      give(x, dy);
      if (!wants(z)) return;
      if (repeats === 1) return give(z, dy);
      const dz = into(z, `d ${z.label}`);
      sumRows(rec, dy, { outer: count / (repeats * inner), rows: repeats }, dz);
      give(z, dz);
    },
  });
  return y;
}

/** How z repeats in x: x is [outer, repeats, inner] and z [outer, inner]. */
function broadcast(x: Tensor, z: Tensor): { repeats: number; inner: number } {
  const missing = x.shape.length - z.shape.length;
  const axis = missing > 0 ? -1 : z.shape.findIndex((extent, i) => extent === 1 && x.shape[i] !== 1);
  const fits = z.shape.every((extent, i) => i === axis || extent === x.shape[i + missing]);
  if (missing < 0 || !fits) throw new RangeError(`add: ${describe(z)} does not fit ${describe(x)}`);
  if (axis < 0) return { repeats: sizeOf(x.shape.slice(0, Math.max(0, missing))), inner: sizeOf(z.shape) };
  return { repeats: extent(x, axis), inner: sizeOf(x.shape.slice(axis + 1)) };
}

/** The plain twin of `add`, in float64: x `[outer, repeats, inner]`, z `[outer, inner]`. */
export function addReference(
  x: ArrayLike<number>,
  z: ArrayLike<number>,
  { repeats, inner }: { repeats: number; inner: number },
): Float64Array {
  return Float64Array.from(x, (value, at) => {
    return value + z[Math.floor(at / (repeats * inner)) * inner + (at % inner)]!;
  });
}

/**
 * x + gate·z, the residual connection of a block with adaLN-Zero (DiT).
 *
 * @param x `[…, C]`, as is z.
 * @param gate C columns of a packed tensor with the rows of x.
 * @throws RangeError when shapes do not fit.
 */
export function gatedResidual(
  rec: Recorder,
  x: Tensor,
  gate: Columns,
  z: Tensor,
  label = 'gatedResidual',
): Tensor {
  expectShape('gatedResidual', z, x.shape);
  const channels = extent(x, x.shape.length - 1);
  const count = sizeOf(x.shape);
  const packedWidth = expectColumns('gatedResidual', gate, count / channels, channels);
  const y = scratch(rec, label, x.shape);
  dispatch(rec, {
    kernel: 'gated_residual',
    params: { count, channels, packedWidth, gateOffset: gate.offset },
    bindings: { x, z, packed: gate.packed, y },
    workgroups: flatGrid(count, 64),
  });
  note(rec, {
    operator: 'gatedResidual',
    inputs: [x, z, gate.packed],
    output: y,
    adjoint: ({ dy, into, give, columns }) => {
      give(x, dy);
      const dz = into(z, `d ${z.label}`);
      dispatch(rec, {
        kernel: 'gated_residual_adjoint',
        params: { count, channels, packedWidth, gateOffset: gate.offset },
        bindings: { z, packed: gate.packed, dy, dz, columns: columns(gate.packed, gate.offset, channels) },
        workgroups: flatGrid(count, 64),
      });
      give(z, dz);
    },
  });
  return y;
}

/** The plain twin of `gatedResidual`, in float64; gate has the shape of x. */
export function gatedResidualReference(
  x: ArrayLike<number>,
  gate: ArrayLike<number>,
  z: ArrayLike<number>,
): Float64Array {
  return Float64Array.from(x, (value, i) => value + gate[i]! * z[i]!);
}

/** The adjoint of `gatedResidualReference`, in float64; dx is dy. */
export function gatedResidualAdjointReference(
  gate: ArrayLike<number>,
  z: ArrayLike<number>,
  dy: ArrayLike<number>,
): { dz: Float64Array; dGate: Float64Array } {
  return {
    dz: Float64Array.from(dy, (d, i) => d * gate[i]!),
    dGate: Float64Array.from(dy, (d, i) => d * z[i]!),
  };
}

/** Functions of one number; the codes are those of activate.wgsl. */
const functionCode = { ...activationCode, sigmoid: 5, leakyRelu: 6, relu: 7 } as const;

export type UnaryFunction = keyof typeof functionCode;

/**
 * f(scale·x), elementwise. `leakyRelu` has the slope 0.2 below zero.
 *
 * @returns the shape of x.
 */
export function activate(rec: Recorder, x: Tensor, f: UnaryFunction, scale = 1, label: string = f): Tensor {
  const count = sizeOf(x.shape);
  const y = scratch(rec, label, x.shape);
  dispatch(rec, {
    kernel: 'activate',
    constants: { ACTIVATION: functionCode[f] },
    params: { count, scale },
    bindings: { x, y },
    workgroups: flatGrid(count, 64),
  });
  note(rec, {
    operator: `activate ${f}`,
    inputs: [x],
    output: y,
    adjoint: ({ dy, into, give }) => {
      const dx = into(x, `d ${x.label}`);
      dispatch(rec, {
        kernel: 'activate_adjoint',
        constants: { ACTIVATION: functionCode[f] },
        params: { count, scale },
        bindings: { x, dy, dx },
        workgroups: flatGrid(count, 64),
      });
      give(x, dx);
    },
  });
  return y;
}

/** scale·x. */
export function scale(rec: Recorder, x: Tensor, factor: number, label = 'scale'): Tensor {
  return activate(rec, x, 'none', factor, label);
}

/** The plain twin of `activate`, in float64, for one number. */
export function unaryReference(f: UnaryFunction, x: number): number {
  if (f === 'sigmoid') return 1 / (1 + Math.exp(-x));
  if (f === 'leakyRelu') return x > 0 ? x : 0.2 * x;
  if (f === 'relu') return x > 0 ? x : 0;
  return activationReference(f, x);
}

/** f′(x), in float64. */
export function slopeReference(f: UnaryFunction, x: number): number {
  const s = 1 / (1 + Math.exp(-x));
  switch (f) {
    case 'none':
      return 1;
    case 'geluErf':
      return 0.5 * erfcReference(-x / Math.SQRT2) + (x * Math.exp(-0.5 * x * x)) / Math.sqrt(2 * Math.PI);
    case 'geluTanh': {
      const factor = 2 * Math.sqrt(2 / Math.PI);
      const gate = 1 / (1 + Math.exp(-factor * (x + 0.044715 * x ** 3)));
      return gate + x * gate * (1 - gate) * factor * (1 + 3 * 0.044715 * x * x);
    }
    case 'silu':
      return s + x * s * (1 - s);
    case 'tanh':
      return 1 - Math.tanh(x) ** 2;
    case 'sigmoid':
      return s * (1 - s);
    case 'leakyRelu':
      return x > 0 ? 1 : 0.2;
    case 'relu':
      return x > 0 ? 1 : 0;
  }
}
