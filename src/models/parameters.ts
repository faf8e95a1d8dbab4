import type { Gpu } from '../runtime/gpu.js';
import { destroyTensor, uploadTensor, writeTensor } from '../runtime/gpu.js';
import type { Scope } from '../runtime/scope.js';
import { own } from '../runtime/scope.js';
import type { Precision, Tensor } from '../runtime/tensor.js';
import type { WeightSource } from '../weights/source.js';
import { checkPrecision } from './precision.js';

/** The weights of one model part on the GPU: where they come from, and the scope that is given what is uploaded. */
export interface Parameters {
  readonly scope: Scope;
  readonly gpu: Gpu;
  readonly source: WeightSource;
  /** How matrices and kernels of convolutions are stored. All else is f32: it is small, or squared, or added up. */
  readonly precision: Precision;
  /** Bytes given to the queue that it may not have copied yet. */
  uploading: number;
  /**
   * Where a tensor shall lie, if not in a buffer of its own: in training, a view of a flat buffer, which is not freed
   * here.
   */
  readonly place?: (name: string) => Tensor | undefined;
}

/**
 * More than this is waited for: WebGPU keeps a copy of what is written until the GPU has it, in the end of a whole
 * checkpoint.
 */
const mostUploading = 2 ** 25;

/** @throws InputError when the adapter has not the precision. */
export function openParameters(
  scope: Scope,
  gpu: Gpu,
  source: WeightSource,
  precision: Precision = 'f32',
): Parameters {
  checkPrecision(gpu, precision);
  return { scope, gpu, source, precision, uploading: 0 };
}

/** Uploads a checkpoint tensor, as it is or multiplied by `scale` (the equalised learning rate, Sec. 1). */
export async function loadParameter(
  parameters: Parameters,
  name: string,
  scale = 1,
  precision?: Precision,
): Promise<Tensor> {
  const data = await readParameter(parameters, name);
  if (scale !== 1) for (let i = 0; i < data.length; i++) data[i] = (data[i] ?? 0) * scale;
  const shape = parameters.source.tensors.get(name)?.shape ?? [data.length];
  return addParameter(parameters, name, shape, data, precision);
}

/** Reads a checkpoint tensor to the host, for values derived from it. */
export async function readParameter(
  parameters: Parameters,
  name: string,
): Promise<Float32Array<ArrayBuffer>> {
  const { gpu, source } = parameters;
  if (!source.tensors.has(name)) throw new Error(`${source.name} has no tensor ${name}`);
  if (parameters.uploading > mostUploading) {
    parameters.uploading = 0;
    // Written data goes with the next submission.
    gpu.device.queue.submit([]);
    await gpu.device.queue.onSubmittedWorkDone();
  }
  return source.read(name);
}

/** Uploads a tensor derived from the checkpoint; of f16 the values beyond ±65504 become that. */
export function addParameter(
  parameters: Parameters,
  label: string,
  shape: readonly number[],
  data: Float32Array<ArrayBuffer>,
  precision?: Precision,
): Tensor {
  const { scope, gpu, place } = parameters;
  const placed = place?.(label);
  if (placed) {
    writeTensor(gpu, placed, data);
    return placed;
  }
  const tensor = uploadTensor(gpu, label, shape, data, precision);
  parameters.uploading += data.byteLength;
  return own(scope, tensor, () => destroyTensor(gpu, tensor));
}

/** A linear layer's or a norm's weight and bias. */
export interface Affine {
  readonly weight: Tensor;
  readonly bias: Tensor;
}

/** A matrix is stored in the parameters' precision, the vector of a norm as f32. */
export async function loadAffine(parameters: Parameters, name: string): Promise<Affine> {
  const weight = `${name}.weight`;
  const isMatrix = (parameters.source.tensors.get(weight)?.shape.length ?? 1) > 1;
  return {
    weight: await loadParameter(parameters, weight, 1, isMatrix ? parameters.precision : 'f32'),
    bias: await loadParameter(parameters, `${name}.bias`),
  };
}
