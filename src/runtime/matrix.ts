/**
 * The matrix units of a graphics card, by WebGPU's unfinished subgroup matrices. Dawn calls them experimental, and so a
 * device has them only if `openGpu` was asked for them. No kernel that uses them has run on hardware yet.
 */
import { InputError } from '../base/errors.js';

export const matrixFeature = 'chromium-experimental-subgroup-matrix' as GPUFeatureName;

/** A product of an M×K and a K×N matrix that the adapter makes in one instruction. */
interface MatrixConfig {
  readonly componentType: string;
  readonly resultComponentType: string;
  readonly M: number;
  readonly N: number;
  readonly K: number;
}

/** Subgroups of a workgroup of linear_matrix.wgsl. */
const subgroups = 4;

/**
 * The lanes of the adapter's widest subgroup; workgroups that use subgroup matrices are a multiple of it wide.
 *
 * @throws InputError when it doesn't make the products of linear_matrix.wgsl: 16×16×16, of f16 and added in f32.
 */
export function matrixLanes({ info, limits, features }: GPUAdapter): number {
  const { subgroupMatrixConfigs = [] } = info as { subgroupMatrixConfigs?: readonly MatrixConfig[] };
  const offered = subgroupMatrixConfigs.some(
    ({ componentType, resultComponentType, M, N, K }) =>
      componentType === 'f16' && resultComponentType === 'f32' && [M, N, K].every((side) => side === 16),
  );
  const lanes = info.subgroupMaxSize ?? Infinity;
  const needed = [matrixFeature, 'shader-f16', 'subgroups'];
  const fits = subgroups * lanes <= limits.maxComputeInvocationsPerWorkgroup;
  if (!offered || !fits || !needed.every((feature) => features.has(feature))) {
    const name = info.description || info.device || 'this adapter';
    throw new InputError(
      `experimental: ${name} does not offer products of 16×16 matrices of f16 added in f32 (${matrixFeature})`,
    );
  }
  return lanes;
}
