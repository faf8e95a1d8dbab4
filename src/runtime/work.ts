import type { Dispatch } from './launch.js';
import { extent, sizeOf } from './tensor.js';

type Launch = Pick<Dispatch, 'kernel' | 'params' | 'bindings' | 'constants' | 'workgroups'>;
type Operations = (p: Readonly<Record<string, number>>, launch: Launch) => number;

const conv2d: Operations = (p) =>
  p['phases'] === 4
    ? 2 * p['batch']! * p['outputs']! * p['inputs']! * p['height']! * p['width']! * 9
    : 2 * p['batch']! * p['outputs']! * p['outHeight']! * p['outWidth']! * p['inputs']! * p['kernel']! ** 2;
const conv1d: Operations = (p, { bindings }) => {
  const batch = bindings['x'] ? sizeOf(bindings['x'].shape) / (p['frames']! * p['channels']!) : 1;
  return 2 * batch * p['outFrames']! * p['outChannels']! * (p['channels']! / p['groups']!) * p['taps']!;
};
const pointwise: Operations = (p) => 2 * p['batch']! * p['inputs']! * p['outputs']! * p['plane']!;
const linear: Operations = (p) => 2 * p['rows']! * p['inputs']! * p['outputs']!;
/** Of the heads that the launch makes. */
const attention: Operations = (p, { kernel, bindings: { y }, workgroups: [, down = 1] }) => {
  const heads = kernel === 'attention' ? down / Math.ceil(p['headDim']! / 64) : down;
  return 4 * heads * p['headDim']! * pairsInReach(p['length']!, p['reach']!) * (y ? extent(y, 0) : 1);
};

/** By kernel. Kernels not listed make a few operations for each value they move. */
const operations: Readonly<Record<string, Operations>> = {
  linear,
  linear_row: linear,
  linear_matrix: linear,
  matmul: (p, { bindings: { y } }) => 2 * p['inner']! * (y ? sizeOf(y.shape) : p['columns']! * p['rows']!),
  conv2d,
  conv2d_subgroup: conv2d,
  conv2d_3x3_subgroup: conv2d,
  conv1d,
  conv1d_subgroup: conv1d,
  depthwise_conv2d: (p) => 2 * p['planes']! * p['outHeight']! * p['outWidth']! * p['kernel']! ** 2,
  pointwise,
  pointwise_each: pointwise,
  upfirdn2d: (p, { constants: { UP = 1 } = {} }) =>
    2 * p['channels']! * p['outHeight']! * p['outWidth']! * (16 / UP ** 2),
  attention,
  attention_band: attention,
  attention_subgroup: attention,
};

/** Pairs |i − j| ≤ reach of 0 … length − 1. */
export function pairsInReach(length: number, reach: number): number {
  const r = Math.min(reach, length - 1);
  return length * (2 * r + 1) - r * (r + 1);
}

/** Operations that a launch must make; a multiplication and an addition are two. 0 of what hardly computes. */
export function operationsOf(launch: Launch): number {
  return operations[launch.kernel]?.(launch.params, launch) ?? 0;
}

/**
 * Operations in a submission: a driver resets a device that works longer than some seconds at one (two, on Windows). A
 * weak integrated GPU makes some 50·10⁹ a second of these.
 */
export const mostOperations = 48e9;

/** Runs of consecutive items, each with no more work than `most` together, unless it is one item. */
export function dealtOut<T>(items: readonly T[], workOf: (item: T) => number, most: number): T[][] {
  const runs: T[][] = [];
  let sum = Infinity;
  for (const item of items) {
    const work = workOf(item);
    if (sum + work > most) {
      runs.push([]);
      sum = 0;
    }
    runs.at(-1)!.push(item);
    sum += work;
  }
  return runs;
}
