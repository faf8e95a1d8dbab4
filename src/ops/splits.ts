import type { Dispatch } from '../runtime/launch.js';
import type { Recorder } from '../runtime/recorder.js';
import { dispatch, flatGrid, scratch } from '../runtime/recorder.js';
import type { Tensor } from '../runtime/tensor.js';
import { extent, sizeOf } from '../runtime/tensor.js';

/**
 * Into how many parts the sums of a product are split. A GPU wants some hundred workgroups at once; few rows, and small
 * pictures with many channels, have few tiles but long sums. A part keeps at least eight panels.
 *
 * @param workgroups of the product without splitting.
 * @param panels of 16 terms in each sum.
 */
export function chooseSplits(workgroups: number, panels: number): number {
  return Math.max(1, Math.min(Math.floor(256 / workgroups), Math.floor(panels / 8), 16));
}

/**
 * Launches a product that ends with shaders/lib/epilogue.wgsl, dealt out to several workgroups where there are few
 * tiles; what follows the sum is then left to linear_join.wgsl.
 *
 * @param launch the product in one part; its y is `[…, outputs]`.
 * @param panels of 16 terms in each sum.
 * @param grid of workgroups for a number of parts.
 */
export function dispatchInParts(
  rec: Recorder,
  launch: Omit<Dispatch, 'workgroups'>,
  panels: number,
  grid: (splits: number) => [number, number, number],
): void {
  const { constants = {}, params, bindings } = launch;
  const splits = chooseSplits(
    grid(1).reduce((product, count) => product * count, 1),
    panels,
  );
  if (splits === 1) {
    dispatch(rec, { ...launch, workgroups: grid(1) });
    return;
  }
  const y = bindings['y'] as Tensor;
  const { bias, gate, residual } = bindings;
  const partial = scratch(rec, `${y.label} sums`, [splits, ...y.shape]);
  dispatch(rec, {
    ...launch,
    constants: { ...constants, ACTIVATION: 0 },
    params: { ...params, hasBias: 0, hasGate: 0, hasResidual: 0 },
    bindings: { ...bindings, bias: undefined, gate: undefined, residual: undefined, y: partial },
    workgroups: grid(splits),
  });
  const count = sizeOf(y.shape);
  const of = (name: string) => params[name] ?? 0;
  dispatch(rec, {
    kernel: 'linear_join',
    constants: { ACTIVATION: constants['ACTIVATION'] ?? 0 },
    params: {
      count,
      outputs: extent(y, y.shape.length - 1),
      splits,
      hasBias: of('hasBias'),
      hasGate: of('hasGate'),
      gateWidth: of('gateWidth'),
      gateOffset: of('gateOffset'),
      hasResidual: of('hasResidual'),
    },
    bindings: { partial, bias, gate, residual, y },
    workgroups: flatGrid(count, 64),
  });
}
