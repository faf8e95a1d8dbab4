import type { Recorder } from '../runtime/recorder.js';
import { note } from '../runtime/tape.js';
import type { Tensor } from '../runtime/tensor.js';
import { expectShape, extent, reshape } from '../runtime/tensor.js';
import { add, scale } from './elementwise.js';
import { matmul } from './matmul.js';
import { transpose } from './transpose.js';

/**
 * The Gram matrix of each picture's features, G = F·Fᵀ/(channels·height·width): which go together, wherever they are
 * (Eq. 19). dF = (dG + dGᵀ)·F/(channels·height·width).
 *
 * @param features `[batch, channels, height, width]`.
 * @returns `[batch, channels, channels]`.
 */
export function gram(rec: Recorder, features: Tensor): Tensor {
  expectShape('gram', features, [-1, -1, -1, -1]);
  const [batch, channels, plane] = [
    extent(features, 0),
    extent(features, 1),
    extent(features, 2) * extent(features, 3),
  ];
  const f = reshape(features, [batch, channels, plane]);
  const factor = 1 / (channels * plane);
  const g = scale(rec, matmul(rec, f, transpose(rec, f)), factor, 'gram');
  note(rec, {
    operator: 'gram',
    inputs: [features],
    output: g,
    adjoint: ({ dy, give }) => {
      const both = scale(rec, add(rec, dy, transpose(rec, dy)), factor);
      give(features, matmul(rec, both, f, `d ${features.label}`));
    },
  });
  return g;
}

/** The plain twin, in float64: F `[batch, channels, plane]`. */
export function gramReference(f: ArrayLike<number>, batch: number, channels: number): Float64Array {
  const plane = f.length / (batch * channels);
  return Float64Array.from({ length: batch * channels ** 2 }, (_, at) => {
    const [row, column] = [
      Math.floor(at / channels),
      Math.floor(at / channels ** 2) * channels + (at % channels),
    ];
    let sum = 0;
    for (let p = 0; p < plane; p++) sum += f[row * plane + p]! * f[column * plane + p]!;
    return sum / (channels * plane);
  });
}

/** Its adjoint, in float64. */
export function gramAdjointReference(
  f: ArrayLike<number>,
  dg: ArrayLike<number>,
  batch: number,
  channels: number,
): Float64Array {
  const plane = f.length / (batch * channels);
  return Float64Array.from(f, (_, at) => {
    const [row, p] = [Math.floor(at / plane), at % plane];
    const [b, c] = [Math.floor(row / channels), row % channels];
    let sum = 0;
    for (let k = 0; k < channels; k++) {
      const both = dg[(b * channels + c) * channels + k]! + dg[(b * channels + k) * channels + c]!;
      sum += both * f[(b * channels + k) * plane + p]!;
    }
    return sum / (channels * plane);
  });
}
