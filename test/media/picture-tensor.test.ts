import { describe, expect, it } from 'vitest';
import { pictureTensor } from '../../src/media/picture-tensor.js';

describe('pictureTensor', () => {
  it('puts bytes 0 … 255 on −1 … 1, a plane a colour', () => {
    const data = Uint8Array.from([0, 51, 102, 153, 204, 255]);
    const expected = [-1, 0.2, -0.6, 0.6, -0.2, 1];
    const tensor = pictureTensor({ width: 2, height: 1, data });
    expected.forEach((value, at) => expect(tensor[at]).toBeCloseTo(value, 6));
  });
});
