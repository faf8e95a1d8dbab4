import fc from 'fast-check';
import { describe, it } from 'vitest';
import { conv2dReference, convTranspose2dReference } from '../../src/ops/conv2d.js';
import { upfirdn2dReference } from '../../src/ops/upfirdn2d.js';
import { interleave, polyphaseWeight } from '../../study/polyphase.mjs';
import { expectClose } from '../compare.js';
import { gaussian } from '../fixtures.js';

describe('the polyphase kernel', () => {
  it('is the transposed convolution and the blur behind it, borders included', () => {
    const shapes = fc.record({
      inputs: fc.integer({ min: 1, max: 5 }),
      outputs: fc.integer({ min: 1, max: 5 }),
      height: fc.integer({ min: 1, max: 7 }),
      width: fc.integer({ min: 1, max: 7 }),
      seed: fc.integer(),
    });
    fc.assert(
      fc.property(shapes, ({ seed, ...size }) => {
        const { inputs, outputs, height, width } = size;
        const x = gaussian([inputs, height, width], seed).data;
        const weight = gaussian([outputs, inputs, 3, 3], seed + 1).data;
        const wide = convTranspose2dReference(x, weight, { ...size, batch: 1 });
        const wideSize = { batch: 1, outputs, height: 2 * height + 1, width: 2 * width + 1 };
        const expected = upfirdn2dReference(wide, { ...wideSize, pad: [1, 1], gain: 4 });
        const composed = polyphaseWeight(weight, size);
        const ordinary = { ...size, outputs: 4 * outputs, batch: 1, kernel: 3, padding: 1 };
        const y = interleave(conv2dReference(x, composed, ordinary), size);
        expectClose('polyphase', y, expected, 1e-15);
      }),
      { numRuns: 30, seed: 1 },
    );
  });
});
