import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packWeight } from '../../src/ops/conv-weight.js';
import { conv2dReference } from '../../src/ops/conv2d.js';
import { linearReference } from '../../src/ops/linear.js';
import type { Gpu } from '../../src/runtime/gpu.js';
import { check, closeGpu } from '../../src/runtime/gpu.js';
import { readInterface } from '../../src/runtime/kernel.js';
import type { Rung } from '../../study/rungs.mjs';
import * as study from '../../study/rungs.mjs';
import { expectClose } from '../compare.js';
import { gaussian, openTestGpu } from '../fixtures.js';

let gpu: Gpu;
beforeAll(async () => {
  gpu = await openTestGpu();
});
afterAll(() => closeGpu(gpu));

/** y of one launch. */
async function run(
  rung: Rung,
  { x, w, count }: { x: Float32Array<ArrayBuffer>; w: Float32Array<ArrayBuffer>; count: number },
  params: Readonly<Record<string, number>>,
  workgroups: readonly [number, number],
) {
  const { device } = gpu;
  const bindings = {
    x: study.floats(device, x),
    w: study.floats(device, w),
    y: study.floats(device, count),
  };
  const source = study.sourceOf(rung);
  const launch = await study.prepareLaunch(device, readInterface, source, { bindings, params, workgroups });
  study.submitLaunch(device, launch);
  const y = await study.readFloats(device, bindings.y);
  check(gpu);
  Object.values(bindings).forEach((buffer) => buffer.destroy());
  return y;
}

describe.each(study.productRungs)('study/$file.wgsl', (rung) => {
  it('is valid, and opens with its explanation', async () => {
    const code = study.sourceOf(rung);
    const { messages } = await gpu.device.createShaderModule({ code }).getCompilationInfo();
    expect(messages.map(({ message }) => message)).toEqual([]);
    expect(code.startsWith('// ')).toBe(true);
  });

  it('equals the float64 twin of the product over odd shapes', async () => {
    const shapes = fc.record({
      rows: fc.integer({ min: 1, max: 70 }),
      inputs: fc.integer({ min: 1, max: 40 }).map((k) => (rung.fours ? 4 * k : k)),
      outputs: fc.integer({ min: 1, max: 70 }),
      seed: fc.integer(),
    });
    await fc.assert(
      fc.asyncProperty(shapes, async ({ seed, ...size }) => {
        const { rows, inputs, outputs } = size;
        const x = gaussian([rows, inputs], seed).data;
        const w = gaussian([outputs, inputs], seed + 1).data;
        const y = await run(rung, { x, w, count: rows * outputs }, size, study.gridOf(rung, outputs, rows));
        expectClose(rung.file, y, linearReference(x, w, undefined, size), 5e-7);
      }),
      { numRuns: 8, seed: 1 },
    );
  });
});

describe.each(study.convolutionRungs)('study/$file.wgsl', (rung) => {
  it('is valid, and opens with its explanation', async () => {
    const code = study.sourceOf(rung);
    const { messages } = await gpu.device.createShaderModule({ code }).getCompilationInfo();
    expect(messages.map(({ message }) => message)).toEqual([]);
    expect(code.startsWith('// ')).toBe(true);
  });

  it('equals the float64 twin of the convolution over odd shapes', async () => {
    const shapes = fc.record({
      inputs: fc.integer({ min: 1, max: 40 }),
      outputs: fc.integer({ min: 1, max: 12 }).map((o) => 4 * o),
      height: fc.integer({ min: 1, max: 13 }),
      width: fc.integer({ min: 1, max: 13 }),
      seed: fc.integer(),
    });
    await fc.assert(
      fc.asyncProperty(shapes, async ({ seed, ...size }) => {
        const { inputs, outputs, height, width } = size;
        const plane = height * width;
        const x = gaussian([inputs, height, width], seed).data;
        const weight = gaussian([outputs, inputs, 3, 3], seed + 1).data;
        const w = packWeight(weight, { outputs, inputs, kernel: 3 }).data;
        const y = await run(rung, { x, w, count: outputs * plane }, size, study.gridOf(rung, plane, outputs));
        const expected = conv2dReference(x, weight, { ...size, batch: 1, kernel: 3, padding: 1 });
        expectClose(rung.file, y, expected, 8e-7);
      }),
      { numRuns: 8, seed: 2 },
    );
  });
});
