import { create } from 'webgpu';
import { matrixFeature } from '../src/runtime/matrix.js';

/** A device whose instance was collected crashes. */
const instances: GPU[] = [];

/**
 * A device that knows subgroup matrices and computes nothing (Dawn's null backend): to see whether WGSL that uses them
 * is valid. Call it in `beforeAll` only, once Dawn's globals are there (`testAdapter` sees to that).
 */
export async function openMatrixValidator(): Promise<GPUDevice> {
  const gpu = create(['backend=null', 'enable-dawn-features=allow_unsafe_apis']);
  instances.push(gpu);
  const adapter = await gpu.requestAdapter();
  if (!adapter) throw new Error('Dawn has no null backend');
  return adapter.requestDevice({ requiredFeatures: [matrixFeature, 'shader-f16', 'subgroups'] });
}
