/**
 * Which of several kernels an operator launches, and in which shape. All compute the same; which is fastest depends on
 * the adapter.
 */
export interface Tuning {
  /**
   * Convolutions and matrix products. `shared`: a workgroup copies tiles of the operands to shared memory (conv2d.wgsl,
   * linear.wgsl, conv1d.wgsl). `subgroup`: the lanes of a subgroup swap values (conv2d_subgroup.wgsl,
   * conv1d_subgroup.wgsl, attention_subgroup.wgsl).
   */
  readonly product: 'shared' | 'subgroup';
  /** The workgroups of conv2d.wgsl. */
  readonly conv2dTile: Tile;
  /**
   * The 3×3 convolutions of a `subgroup` product over pictures whose width is a multiple of four. `rows`: an
   * invocation's positions are neighbours, which spares loads (conv2d_3x3_subgroup.wgsl).
   */
  readonly conv3x3: 'plain' | 'rows';
  /**
   * Who makes a row of a layer norm: a workgroup's invocations together, or each invocation its own. In the second case
   * pointwise convolutions take an input at a time.
   */
  readonly row: 'workgroup' | 'invocation';
}

/** A workgroup of WIDE×HIGH invocations, each of which makes 4×8 values. WIDE is 8, 16 or 32, HIGH is 4, 8 or 16. */
export interface Tile {
  readonly WIDE: number;
  readonly HIGH: number;
}

/** The choice for an adapter, by what it reports; `npm run tune` measures the alternatives. */
export function chooseTuning({ info, features }: GPUAdapter): Tuning {
  // A processor has no shared memory: copies to it cost as much as they save, and a barrier saves all registers.
  const isProcessor = info.isFallbackAdapter;
  return {
    product: isProcessor && features.has('subgroups') ? 'subgroup' : 'shared',
    conv2dTile: { WIDE: 32, HIGH: 4 },
    // With few lanes loads cost more than registers.
    conv3x3: (info.subgroupMaxSize ?? 0) <= 4 ? 'rows' : 'plain',
    row: isProcessor ? 'invocation' : 'workgroup',
  };
}
