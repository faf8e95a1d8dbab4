import type { Recorder } from '../runtime/recorder.js';
import { dispatch, flatGrid, scratch } from '../runtime/recorder.js';
import { note } from '../runtime/tape.js';
import type { Tensor } from '../runtime/tensor.js';
import { expectShape, extent, sizeOf } from '../runtime/tensor.js';

/**
 * A picture of −1 … 1 as VGG-19 wants it: (clamp(x, −1, 1)/2 + ½ − mean)/deviation, those of ImageNet's colours. What
 * is cut off gets no gradient.
 *
 * @param x `[batch, 3, height, width]`.
 */
export function vggInput(rec: Recorder, x: Tensor): Tensor {
  expectShape('vggInput', x, [-1, 3, -1, -1]);
  const params = { count: sizeOf(x.shape), plane: extent(x, 2) * extent(x, 3) };
  const launch = (FORWARD: 0 | 1, dy: Tensor | undefined) => {
    const made = scratch(rec, FORWARD ? 'vgg input' : `d ${x.label}`, x.shape);
    dispatch(rec, {
      kernel: 'vgg_input',
      constants: { FORWARD },
      params,
      bindings: { x, dy, made },
      workgroups: flatGrid(params.count, 64),
    });
    return made;
  };
  const y = launch(1, undefined);
  note(rec, {
    operator: 'vggInput',
    inputs: [x],
    output: y,
    adjoint: ({ dy, give }) => give(x, launch(0, dy)),
  });
  return y;
}

const means = [0.485, 0.456, 0.406];
const deviations = [0.229, 0.224, 0.225];

/** The plain twin, in float64, of the colour c. */
export function vggInputReference(v: number, c: number): number {
  return (Math.min(1, Math.max(-1, v)) / 2 + 0.5 - means[c]!) / deviations[c]!;
}

/** Its slope, in float64. */
export function vggInputSlope(v: number, c: number): number {
  return Math.abs(v) <= 1 ? 0.5 / deviations[c]! : 0;
}
