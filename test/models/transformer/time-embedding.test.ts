import { describe, expect, it } from 'vitest';
import { timeEmbedding } from '../../../src/models/transformer/time-embedding.js';

describe('timeEmbedding', () => {
  it('is cosines then sines of t · 10000^(−i/128)', () => {
    const at = (t: number, i: number) => timeEmbedding(t)[i];
    expect(timeEmbedding(0)).toEqual(Float32Array.from({ length: 256 }, (_, i) => (i < 128 ? 1 : 0)));
    expect(at(0.3, 0)).toBe(Math.fround(Math.cos(0.3)));
    expect(at(0.3, 128)).toBe(Math.fround(Math.sin(0.3)));
    expect(at(1, 64)).toBe(Math.fround(Math.cos(0.01)));
    expect(at(1, 128 + 64)).toBe(Math.fround(Math.sin(0.01)));
  });
});
