export function polyphaseWeight(
  weight: ArrayLike<number>,
  size: { readonly outputs: number; readonly inputs: number },
): Float64Array;
export function interleave(
  phases: ArrayLike<number>,
  size: { readonly outputs: number; readonly height: number; readonly width: number },
): Float64Array;
