import type { LoadedWeights } from 'float-webgpu';
import { neededParts } from 'float-webgpu';
import { openWeightsFiles, openWeightsUrl } from 'float-webgpu/browser';
import type { ModelSummary, OnProgress } from './api.js';
import { canSave, openModel, saveModel } from './model-store.js';

/** A model that is ready to run. */
export interface OpenModel extends Pick<LoadedWeights, 'model' | 'weights'> {
  readonly summary: ModelSummary;
  /** Its id, if it is one of the saved. */
  readonly saved?: string;
}

/** What a model must have: without the part that hears emotions it shows those that are chosen. */
const leastParts = neededParts({ emotion: 'neutral' });

/** The small model that lies beside the page. */
export async function openDemo(
  base: string,
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<OpenModel> {
  const url = new URL('weights/demo/weights.safetensors', base);
  return named(await openWeightsUrl(url, { onBytes: onProgress, signal }), 'demo');
}

/**
 * Converts the user's files to one that is kept, and opens that; uses them as they are where nothing can be kept.
 * Nothing is ever sent anywhere.
 */
export async function importFiles(
  files: readonly File[],
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<OpenModel> {
  const loaded = await openWeightsFiles(files, { parts: leastParts });
  signal.throwIfAborted();
  if (!(await canSave())) return named(loaded, nameOf(files));
  return openSaved(await saveModel(loaded, nameOf(files), onProgress, signal));
}

export async function openSaved(id: string): Promise<OpenModel> {
  return { ...named(await openModel(id, leastParts), id), saved: id };
}

/** FLOAT's own file names the model: `float.pth`; else the largest does. */
export function nameOf(files: readonly File[]): string {
  const bySize = files.toSorted((a, b) => b.size - a.size);
  const { name } = bySize.find((file) => /^float\b/i.test(file.name)) ?? bySize[0] ?? { name: 'model' };
  return name.replace(/\.[^.]*$/, '');
}

function named({ model, weights }: LoadedWeights, name: string): OpenModel {
  const { input_size: side, fps, directions = [] } = model.config;
  let parameters = 0;
  for (const { shape } of weights.tensors.values()) parameters += shape.reduce((n, extent) => n * extent, 1);
  return { model, weights, summary: { name, side, fps, parameters, directions } };
}
