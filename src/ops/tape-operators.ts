import type { Recorder } from '../runtime/recorder.js';
import type { TapeOperators } from '../runtime/tape-notes.js';
import { sizeOf } from '../runtime/tensor.js';
import { add } from './elementwise.js';
import { copyColumns } from './join-columns.js';

/** What `backward` itself needs of operators. */
export function tapeOperators(rec: Recorder): TapeOperators {
  return {
    sum: (x, z) => add(rec, x, z, 'sum of gradients'),
    copy: (x, target) => {
      const columns = sizeOf(x.shape);
      copyColumns(rec, { ...x, shape: [1, columns] }, { ...target, shape: [1, columns] }, { columns });
    },
  };
}
