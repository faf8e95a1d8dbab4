import type { Tensor } from '../runtime/tensor.js';
import { describe, expectShape, extent, sizeOf } from '../runtime/tensor.js';

/**
 * What a picture kernel does to its sum v[b,o,Y,X] before it writes it (`finish` in the WGSL files):
 *
 *     y = (activation(scale[b,o]·v + bias[o]) + addend[b,o,Y,X]) · factor
 */
export interface Epilogue {
  /** `[batch, outputs]`, the demodulation of a modulated convolution; */
  readonly scale?: Tensor | undefined;
  /** with this, values of several layers, of which this one's begin there (see `demodulations`). */
  readonly scaleOffset?: number | undefined;
  /** `[outputs]`. */
  readonly bias?: Tensor | undefined;
  /** Whether the activation is FusedLeakyReLU's, leakyrelu(·, 0.2)·√2 (Sec. 1 of docs/model.md); else there is none. */
  readonly leaky?: boolean;
  /** A tensor of y's shape. */
  readonly addend?: Tensor | undefined;
  /** 1 if not given. */
  readonly factor?: number;
}

/** Parameters of `finish`. Checks the epilogue's shapes against y's, `[batch, outputs, height, width]`. */
export function epilogueParams(operator: string, epilogue: Epilogue, y: Tensor) {
  const { scale, scaleOffset, bias, addend, leaky = false, factor = 1 } = epilogue;
  const scales = [extent(y, 0), extent(y, 1)] as const;
  if (scale && scaleOffset === undefined) expectShape(operator, scale, scales);
  if (scale && sizeOf(scale.shape) < (scaleOffset ?? 0) + scales[0] * scales[1]) {
    throw new RangeError(
      `${operator}: ${describe(scale)} has no ${scales.join('×')} scales from ${scaleOffset}`,
    );
  }
  if (bias) expectShape(operator, bias, [extent(y, 1)]);
  if (addend) expectShape(operator, addend, y.shape);
  return {
    hasOutScale: scale ? 1 : 0,
    outScaleOffset: scaleOffset ?? 0,
    hasBias: bias ? 1 : 0,
    hasAddend: addend ? 1 : 0,
    leaky: leaky ? 1 : 0,
    factor,
  };
}

/** Bindings of `finish`. */
export function epilogueBindings({ scale, bias, addend }: Epilogue) {
  return { outScale: scale, bias, addend };
}

/** An epilogue on the host, for the plain twins. */
export interface EpilogueReference {
  readonly scale?: ArrayLike<number> | undefined;
  readonly bias?: ArrayLike<number> | undefined;
  readonly leaky?: boolean;
  readonly addend?: ArrayLike<number> | undefined;
  readonly factor?: number;
}

/** leakyrelu(v, 0.2)·√2 in float64. */
export function leakyReference(v: number): number {
  return Math.max(v, 0.2 * v) * Math.SQRT2;
}

/** Applies an epilogue in float64 to sums `[batch, outputs, plane]`. */
export function epilogueReference(
  sums: ArrayLike<number>,
  outputs: number,
  plane: number,
  { scale, bias, leaky = false, addend, factor = 1 }: EpilogueReference,
): Float64Array {
  return Float64Array.from(sums, (sum, at) => {
    const channel = Math.floor(at / plane);
    const value = sum * (scale?.[channel] ?? 1) + (bias?.[channel % outputs] ?? 0);
    return ((leaky ? leakyReference(value) : value) + (addend?.[at] ?? 0)) * factor;
  });
}
