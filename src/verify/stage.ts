import { InputError } from '../base/errors.js';
import type { FloatModel } from '../pipeline/motion.js';
import type { HostTensor } from '../runtime/evaluate.js';
import type { FrameSimilarity, PictureComparison } from './compare.js';
import type { GoldenFiles } from './golden-set.js';

export interface StageContext {
  readonly float: FloatModel;
  readonly files: GoldenFiles;
  /** Told what is being done. */
  readonly onStatus: (text: string) => void;
}

/** What a stage computed: tensors by golden name, and pictures by the names of their PNG files. */
export interface StageResult {
  readonly tensors: ReadonlyMap<string, HostTensor | Float32Array>;
  readonly pictures?: readonly (PictureComparison | FrameSimilarity)[];
}

/** A file of the set that a stage cannot do without. */
export async function required<T>(
  files: GoldenFiles,
  file: string,
  content: Promise<T | undefined>,
): Promise<T> {
  const value = await content;
  if (value === undefined) throw new InputError(`${files.name}: expected ${file}`);
  return value;
}
