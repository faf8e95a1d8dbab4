import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rowNumbers, selectRows, selectRowsReference } from '../../src/ops/select-rows.js';
import { evaluate } from '../../src/runtime/evaluate.js';
import type { Gpu } from '../../src/runtime/gpu.js';
import { closeGpu } from '../../src/runtime/gpu.js';
import { expectClose } from '../compare.js';
import { gaussian, openTestGpu } from '../fixtures.js';

let gpu: Gpu;
beforeAll(async () => {
  gpu = await openTestGpu();
});
afterAll(() => closeGpu(gpu));

describe('selectRows', () => {
  it('equals its plain twin for any rows', async () => {
    const cases = fc.record({
      columns: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 500, max: 1100 })),
      given: fc.integer({ min: 1, max: 9 }),
      wanted: fc.array(fc.nat(), { minLength: 1, maxLength: 30 }),
      seed: fc.integer(),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ columns, given, wanted, seed }) => {
        const x = gaussian([1, given, columns], seed);
        const rows = wanted.map((row) => row % given);
        const { y } = await evaluate(gpu, { x }, (rec, t) => ({
          y: selectRows(rec, t.x, rowNumbers(rec, [1, rows.length], rows)),
        }));
        expect(y.shape).toEqual([1, rows.length, columns]);
        expectClose('selectRows', y.data, selectRowsReference(x.data, rows, columns), 0);
      }),
      { numRuns: 20, seed: 1 },
    );
  });

  it('refuses a row that is not there', async () => {
    const x = gaussian([3, 2], 1);
    const run = evaluate(gpu, { x }, (rec, t) => ({ y: selectRows(rec, t.x, rowNumbers(rec, [2], [0, 3])) }));
    await expect(run).rejects.toThrow('selectRows: x[3,2] has no row 3');
  });
});
