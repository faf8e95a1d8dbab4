/**
 * Which of several kernels an operator launches. All compute the same; which is fastest depends on the adapter.
 */
export interface Tuning {
  /**
   * Convolutions and matrix products. `shared`: a workgroup copies tiles of the operands to shared memory (conv2d.wgsl,
   * linear.wgsl, conv1d.wgsl). `subgroup`: the lanes of a subgroup hand values round (conv2d_subgroup.wgsl,
   * conv1d_subgroup.wgsl).
   */
  readonly product: 'shared' | 'subgroup';
  /**
   * The 3×3 convolutions of a `subgroup` product over pictures whose width is a multiple of four. `rows`: an invocation's
   * positions are neighbours, which spares loads (conv2d_3x3_subgroup.wgsl).
   */
  readonly conv3x3: 'plain' | 'rows';
  /** Who makes a row of a layer norm: a workgroup's invocations together, or each invocation its own. */
  readonly row: 'workgroup' | 'invocation';
}

/** The choice for an adapter, by what it reports. */
export function chooseTuning(adapter: GPUAdapter): Tuning {
  // A processor has no shared memory: copies to it cost as much as they save, and a barrier saves all registers.
  const isProcessor = adapter.info.isFallbackAdapter;
  return {
    product: isProcessor && adapter.features.has('subgroups') ? 'subgroup' : 'shared',
    // With few lanes loads cost more than registers.
    conv3x3: (adapter.info.subgroupMaxSize ?? 0) <= 4 ? 'rows' : 'plain',
    row: isProcessor ? 'invocation' : 'workgroup',
  };
}
