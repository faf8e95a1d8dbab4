import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/errors.js';
import { openFaceWeights } from '../../src/node/face-weights.js';
import { memorySource } from '../../src/weights/source.js';
import { openTflite } from '../../src/weights/tflite.js';

let file: Uint8Array<ArrayBuffer>;
beforeAll(async () => {
  const source = await openFaceWeights();
  file = await source.read(0, source.size);
  await source.close();
});

const open = (bytes: Uint8Array<ArrayBuffer>) => openTflite(memorySource('face.tflite', bytes));

/** Opens and reads everything, or is refused with one line. @returns whether it was. */
async function isRefused(bytes: Uint8Array<ArrayBuffer>): Promise<boolean> {
  try {
    const source = await open(bytes);
    for (const name of source.tensors.keys()) await source.read(name);
    return false;
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message.startsWith('face.tflite')).toBe(true);
    return true;
  }
}

describe('openTflite', () => {
  it('lists the weights of BlazeFace under their names', async () => {
    const source = await open(file);
    expect(source.tensors.get('conv2d/Kernel')).toEqual({ dtype: 'F16', shape: [24, 5, 5, 3] });
    expect(source.tensors.get('depthwise_conv2d_15/Kernel')?.shape).toEqual([1, 3, 3, 96]);
    const count = [...source.tensors]
      .filter(([, { dtype }]) => dtype === 'F16')
      .reduce((sum, [, { shape }]) => sum + shape.reduce((product, extent) => product * extent, 1), 0);
    expect(count).toBe(101_390);
    const bias = await source.read('conv2d/Bias');
    expect(bias).toHaveLength(24);
    expect(bias.every((value) => Number.isFinite(value) && value !== 0)).toBe(true);
  });

  it('refuses other files', async () => {
    await expect(open(new Uint8Array())).rejects.toThrow('face.tflite: not a FlatBuffer file of kind TFL3');
    await expect(open(new TextEncoder().encode('{"weights": []}'))).rejects.toThrow('not a FlatBuffer');
    await expect(open(file.slice(0, 8))).rejects.toThrow(/damaged FlatBuffer: 4 bytes from byte/);
  });

  it('refuses files cut anywhere', async () => {
    for (let length = 8; length < file.length; length += 9973) {
      await expect(open(file.slice(0, length))).rejects.toThrow(/^face\.tflite: /);
    }
  });

  it('survives or refuses damaged files', async () => {
    const change = fc.tuple(fc.nat({ max: file.length - 1 }), fc.nat({ max: 255 }));
    // The tables lie at the end, after the weights.
    const inTables = change.map(([at, value]) => [file.length - 1 - (at % 16000), value] as const);
    const changes = fc.array(fc.oneof(change, inTables), { minLength: 1, maxLength: 8 });
    const count = { refused: 0, read: 0 };
    await fc.assert(
      fc.asyncProperty(changes, async (list) => {
        const damaged = file.slice();
        for (const [at, value] of list) damaged[at] = value;
        count[(await isRefused(damaged)) ? 'refused' : 'read']++;
      }),
      { numRuns: 300, seed: 1 },
    );
    expect(Math.min(count.refused, count.read)).toBeGreaterThan(10);
  });
});
