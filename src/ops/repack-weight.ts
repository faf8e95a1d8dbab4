import type { Recorder } from '../runtime/recorder.js';
import { dispatch, flatGrid, scratch } from '../runtime/recorder.js';
import { note } from '../runtime/tape.js';
import type { Tensor } from '../runtime/tensor.js';
import { expectShape, extent, sizeOf } from '../runtime/tensor.js';
import type { ConvWeight } from './conv-weight.js';

/** Where the weights of tap k, input i and output o lie: at `k·tap + i·input + o·output`. */
interface Layout {
  readonly tap: number;
  readonly input: number;
  readonly output: number;
  /** Whether taps stand in the order of a transposed convolution's phases. */
  readonly phased: boolean;
}

const paddedTo4 = (count: number) => Math.ceil(count / 4) * 4;

const natural = (taps: number, inputs: number): Layout => ({
  tap: 1,
  input: taps,
  output: taps * inputs,
  phased: false,
});

const packedLayout = (inputs: number, outputs: number, phased: boolean): Layout => ({
  tap: inputs * paddedTo4(outputs),
  input: paddedTo4(outputs),
  output: 1,
  phased,
});

export interface PackOptions {
  /** Multiplies the weights: the equalised learning rate. 1 if not given. */
  readonly scale?: number;
  /** Whether `convTranspose2d` shall read them. */
  readonly transposed?: boolean;
}

/**
 * A parameter as PyTorch stores it, packed on the GPU for `conv2d` or `convTranspose2d`: what `packWeight` and
 * `packTransposedWeight` do on the host.
 *
 * In training the stored layout is the master, and the packed one is made in each step. So a checkpoint is read and
 * written without conversion, the equalised rate stays outside of the parameter, as Adam must see it, and the adjoint's
 * convolution, which needs a third layout, is served by the same launch. The weights are small beside the pictures. The
 * adjoint unpacks: dW[o,i,k] = scale·dpacked[k,i,o].
 *
 * @param weight `[outputs, inputs, kernel, kernel]`.
 */
export function repackWeight(rec: Recorder, weight: Tensor, options: PackOptions = {}): ConvWeight {
  const { scale = 1, transposed = false } = options;
  expectShape('repackWeight', weight, [-1, -1, -1, extent(weight, 3)]);
  const [outputs, inputs, kernel] = [extent(weight, 0), extent(weight, 1), extent(weight, 2)];
  const taps = kernel ** 2;
  if (transposed && kernel !== 3) throw new RangeError('repackWeight: a transposed convolution has 3×3 taps');
  const [stored, packed] = [natural(taps, inputs), packedLayout(inputs, outputs, transposed)];
  const y = scratch(rec, weight.label, [taps, inputs, paddedTo4(outputs)]);
  const size = { taps, inputs, outputs, outputCount: paddedTo4(outputs) };
  copyWeights(rec, weight, y, { ...size, from: stored, to: packed, scale });
  note(rec, {
    operator: 'repackWeight',
    inputs: [weight],
    output: y,
    adjoint: ({ dy, into, give }) => {
      const dW = into(weight, `d ${weight.label}`);
      copyWeights(rec, dy, dW, { ...size, outputCount: outputs, from: packed, to: stored, scale });
      give(weight, dW);
    },
  });
  return { tensor: y, outputs };
}

/**
 * The weights of the convolution that takes gradients of outputs to gradients of inputs, from packed ones: inputs and
 * outputs are swapped. That of stride 1 has its taps flipped; a transposed convolution and one of stride 2 are each
 * other's, without.
 */
export function adjointWeight(
  rec: Recorder,
  { tensor, outputs }: ConvWeight,
  to: { readonly fromPhased: boolean; readonly toPhased: boolean; readonly flip: boolean },
): ConvWeight {
  const [taps, inputs] = [extent(tensor, 0), extent(tensor, 1)];
  const { tap, input, output, phased } = packedLayout(outputs, inputs, to.toPhased);
  const y = scratch(rec, `${tensor.label} swapped`, [taps, outputs, paddedTo4(inputs)]);
  const from = packedLayout(inputs, outputs, to.fromPhased);
  // As seen by the kernel, which pads the last of its axes: inputs and outputs have changed places.
  copyWeights(rec, tensor, y, {
    taps,
    inputs: outputs,
    outputs: inputs,
    outputCount: paddedTo4(inputs),
    from: { ...from, input: from.output, output: from.input },
    to: { tap, input, output, phased },
    flip: to.flip,
  });
  return { tensor: y, outputs: inputs };
}

function copyWeights(
  rec: Recorder,
  x: Tensor,
  y: Tensor,
  {
    taps,
    inputs,
    outputs,
    outputCount,
    from,
    to,
    scale = 1,
    flip = false,
  }: {
    readonly taps: number;
    readonly inputs: number;
    /** Outputs that x has, and that y has room for. */
    readonly outputs: number;
    readonly outputCount: number;
    readonly from: Layout;
    readonly to: Layout;
    readonly scale?: number;
    readonly flip?: boolean;
  },
): void {
  dispatch(rec, {
    kernel: 'repack_weight',
    params: {
      taps,
      aCount: inputs,
      bCount: outputCount,
      known: outputs,
      xTap: from.tap,
      xA: from.input,
      xB: from.output,
      xPhased: from.phased ? 1 : 0,
      yTap: to.tap,
      yA: to.input,
      yB: to.output,
      yPhased: to.phased ? 1 : 0,
      flip: flip ? 1 : 0,
      scale,
    },
    bindings: { x, y },
    workgroups: flatGrid(taps * inputs * outputCount, 64),
  });
}

/**
 * squares[o,i] = Σ_k w[k,i,o]²: what `squareSums` does on the host. dw = 2·w·dsquares.
 *
 * @param weight packed.
 * @returns `[outputs, inputs]`.
 */
export function weightSquares(rec: Recorder, { tensor: w, outputs }: ConvWeight): Tensor {
  const [taps, inputs, stride] = [extent(w, 0), extent(w, 1), extent(w, 2)];
  const squares = scratch(rec, `${w.label} squares`, [outputs, inputs]);
  dispatch(rec, {
    kernel: 'weight_squares',
    params: { taps, inputs, outputs, stride },
    bindings: { w, squares },
    workgroups: flatGrid(outputs * inputs, 64),
  });
  note(rec, {
    operator: 'weightSquares',
    inputs: [w],
    output: squares,
    adjoint: ({ dy, into, give }) => {
      const dw = into(w, `d ${w.label}`);
      const count = sizeOf(w.shape);
      dispatch(rec, {
        kernel: 'weight_squares_adjoint',
        params: { count, inputs, outputs, stride },
        bindings: { w, dsquares: dy, dw },
        workgroups: flatGrid(count, 64),
      });
      give(w, dw);
    },
  });
  return squares;
}
