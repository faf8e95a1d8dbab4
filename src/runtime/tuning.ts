/**
 * Which of several kernels an operator launches. All compute the same; which is fastest depends on the adapter.
 *
 * - `shared`: a workgroup copies tiles of the operands to shared memory (conv2d.wgsl, linear.wgsl, conv1d.wgsl).
 * - `subgroup`: no shared memory, the lanes of a subgroup hand values round (conv2d_subgroup.wgsl, conv1d_subgroup.wgsl).
 */
export interface Tuning {
  readonly product: 'shared' | 'subgroup';
}

/** The choice for an adapter, by what it reports. */
export function chooseTuning(adapter: GPUAdapter): Tuning {
  // A processor has no shared memory: copies to it cost as much as they save, and a barrier saves all registers.
  const isProcessor = adapter.info.isFallbackAdapter;
  return { product: isProcessor && adapter.features.has('subgroups') ? 'subgroup' : 'shared' };
}
