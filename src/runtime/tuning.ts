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
  /** Who makes a row of a layer norm or an attention: a workgroup's invocations together, or each invocation its own. */
  readonly row: 'workgroup' | 'invocation';
}

/** The choice for an adapter, by what it reports. */
export function chooseTuning(adapter: GPUAdapter): Tuning {
  // A processor has no shared memory: copies to it cost as much as they save, and a barrier saves all registers.
  const isProcessor = adapter.info.isFallbackAdapter;
  return {
    product: isProcessor && adapter.features.has('subgroups') ? 'subgroup' : 'shared',
    row: isProcessor ? 'invocation' : 'workgroup',
  };
}
