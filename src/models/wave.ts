import { InputError } from '../errors.js';
import type { HostTensor } from '../runtime/evaluate.js';
import type { Gpu } from '../runtime/gpu.js';
import { compilePlan, destroyPlan, readOutputs, runPlan, writeInput } from '../runtime/plan.js';
import type { Recorder } from '../runtime/recorder.js';
import { input, output } from '../runtime/recorder.js';
import type { Tensor } from '../runtime/tensor.js';

/**
 * (x − mean)/√(variance + 1e-7) over the whole clip, biased variance: what both wav2vec2 models hear (Sec. 4 of docs/model.md).
 * Computed in float64.
 *
 * @throws InputError for an empty clip and for values that are not finite.
 */
export function normaliseWave(samples: Float32Array): Float32Array<ArrayBuffer> {
  if (samples.length === 0) throw new InputError('speech: expected at least one sample, got none');
  const mean = samples.reduce((sum, x) => sum + x, 0) / samples.length;
  const variance = samples.reduce((sum, x) => sum + (x - mean) ** 2, 0) / samples.length;
  if (!Number.isFinite(variance)) throw new InputError('speech: expected finite samples');
  const deviation = Math.sqrt(variance + 1e-7);
  return Float32Array.from(samples, (x) => (x - mean) / deviation);
}

/** The clip made `length` samples long by repeating its last sample. */
export function padWave(samples: Float32Array<ArrayBuffer>, length: number): Float32Array<ArrayBuffer> {
  const padded = new Float32Array(length).fill(samples.at(-1) ?? 0);
  padded.set(samples);
  return padded;
}

export interface EncodeOptions {
  /** Filled with the inner tensors, under the names they have in golden/README.md. */
  readonly taps?: Map<string, HostTensor>;
}

/**
 * Runs a speech model once. Its plan fits clips of one length only, so it is made for this clip and freed.
 *
 * @param wave goes in as `[1, samples, 1]`.
 * @param record records the model and returns its result.
 */
export async function runOnWave(
  gpu: Gpu,
  label: string,
  wave: Float32Array<ArrayBuffer>,
  record: (rec: Recorder, wave: Tensor) => Tensor,
  taps: Map<string, HostTensor> | undefined,
): Promise<Float32Array<ArrayBuffer>> {
  const plan = await compilePlan(
    gpu,
    label,
    (rec) => {
      const result = record(rec, input(rec, 'wave', [1, wave.length, 1]));
      output(rec, 'result', result);
    },
    taps ? { taps: true } : {},
  );
  try {
    writeInput(plan, 'wave', wave);
    runPlan(plan);
    const { result, ...inner } = await readOutputs(plan, taps ? [...plan.outputs.keys()] : ['result']);
    if (!result) throw new Error(`${label} has no result`);
    for (const [name, data] of Object.entries(inner)) {
      taps?.set(name, { shape: plan.outputs.get(name)?.shape ?? [], data });
    }
    return result;
  } finally {
    destroyPlan(plan);
  }
}
