import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assignSlots } from '../../src/runtime/arena.js';

const lifetime = fc
  .record({ bytes: fc.integer({ min: 4, max: 4000 }), first: fc.nat(30), length: fc.nat(10) })
  .map(({ bytes, first, length }) => ({ bytes, first, last: first + length }));

describe('assignSlots', () => {
  it('never lets two tensors alive at the same time share a slot, and makes every slot large enough', () => {
    fc.assert(
      fc.property(fc.array(lifetime, { maxLength: 40 }), (lives) => {
        const { slotOf, slotBytes } = assignSlots(lives);
        lives.forEach((a, i) => {
          expect(slotBytes[slotOf[i]!]).toBeGreaterThanOrEqual(a.bytes);
          lives.forEach((b, j) => {
            if (i < j && a.first <= b.last && b.first <= a.last) expect(slotOf[i]).not.toBe(slotOf[j]);
          });
        });
      }),
    );
  });

  it('needs two slots for a chain of layers, each reading the one before', () => {
    const chain = Array.from({ length: 20 }, (_, i) => ({ bytes: 100, first: i, last: i + 1 }));
    expect(assignSlots(chain).slotBytes).toEqual([100, 100]);
  });
});
