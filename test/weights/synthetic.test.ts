import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/errors.js';
import { openSafetensors } from '../../src/weights/safetensors.js';
import { fnv1a32, syntheticWeights } from '../../src/weights/synthetic.js';
import { goldenBytes, goldenJson, rejection } from './golden.js';

describe('syntheticWeights', () => {
  it('gives every bit of tiny/weights.safetensors', async () => {
    const stored = await openSafetensors(goldenBytes('tiny/weights.safetensors'));
    const made = syntheticWeights(goldenJson('tiny/weights.json'), 'weights.json');
    expect([...made.tensors.keys()].sort()).toEqual([...stored.tensors.keys()].sort());
    for (const [name, { shape }] of stored.tensors) {
      expect(made.tensors.get(name)!.shape).toEqual(shape);
      const [got, expected] = [await made.read(name), await stored.read(name)];
      const differing = new Uint32Array(got.buffer).findIndex(
        (bits, i) => bits !== new Uint32Array(expected.buffer)[i],
      );
      expect(differing, name).toBe(-1);
      expect(got.length).toBe(expected.length);
    }
  });

  it('hashes as FNV-1a is published to', () => {
    expect(fnv1a32('')).toBe(0x811c9dc5);
    expect(fnv1a32('a')).toBe(0xe40c292c);
    expect(fnv1a32('foobar')).toBe(0xbf9cf968);
  });

  it.each<[unknown, string]>([
    [null, 'generator: expected "fnv1a32-fmix32-uniform"'],
    [{ generator: 'other', tensors: {} }, 'generator: expected'],
    [{ generator: 'fnv1a32-fmix32-uniform' }, 'tensors: expected an object'],
    [{ a: 1 }, 'tensors: "t": expected {shape, scale, shift}', ],
    [{ shape: [-1], scale: 1, shift: 0 }, 'tensors: "t": shape: expected'],
    [{ shape: [65536, 65536], scale: 1, shift: 0 }, 'tensors: "t": shape [65536, 65536]: expected at most'],
    [{ shape: [1], scale: '1', shift: 0 }, 'tensors: "t": expected numbers for scale and shift'],
  ])('refuses %j', (json, message) => {
    const whole =
      json === null || 'generator' in (json as object)
        ? json
        : { generator: 'fnv1a32-fmix32-uniform', tensors: { t: (json as { a?: number }).a ?? json } };
    expect(() => syntheticWeights(whole, 'w.json')).toThrow(new RegExp(`^w\\.json: ${escape(message)}`));
  });

  it('has no other tensors', async () => {
    const made = syntheticWeights(goldenJson('tiny/weights.json'), 'weights.json');
    expect(await rejection(made.read('x'), InputError)).toBe('weights.json: there is no tensor "x"');
  });
});

function escape(text: string): string {
  return text.replace(/[[\]{}]/g, '\\$&');
}
