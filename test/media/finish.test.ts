import { describe, expect, it } from 'vitest';
import { outputSize } from '../../src/media/finish.js';

const portrait = { width: 3000, height: 2000 };

describe('outputSize', () => {
  it('is a square of the model’s side, 512 at least, or of the side asked for', () => {
    expect(outputSize({}, portrait, 64)).toEqual({ width: 512, height: 512 });
    expect(outputSize({}, portrait, 512)).toEqual({ width: 512, height: 512 });
    expect(outputSize({}, portrait, 1024)).toEqual({ width: 1024, height: 1024 });
    expect(outputSize({ size: 96 }, portrait, 1024)).toEqual({ width: 96, height: 96 });
  });

  it('is the portrait’s when the square is put back, or has the longer side asked for', () => {
    expect(outputSize({ pasteBack: true }, portrait, 64)).toEqual(portrait);
    expect(outputSize({ pasteBack: true, size: 600 }, portrait, 64)).toEqual({ width: 600, height: 400 });
  });
});
