import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { conv2d, conv2dReference, convTranspose2d, convTranspose2dReference } from '../../src/ops/conv2d.js';
import { packTransposedWeight, packWeight } from '../../src/ops/conv-weight.js';
import { evaluate } from '../../src/runtime/evaluate.js';
import type { Gpu } from '../../src/runtime/gpu.js';
import { closeGpu } from '../../src/runtime/gpu.js';
import { expectClose } from '../compare.js';
import { gaussian, openTestGpu, products, tiles, useProduct } from '../fixtures.js';

let gpu: Gpu;
beforeAll(async () => {
  gpu = await openTestGpu();
});
afterAll(() => closeGpu(gpu));

const shape = {
  batch: fc.integer({ min: 1, max: 3 }),
  inputs: fc.integer({ min: 1, max: 40 }),
  outputs: fc.integer({ min: 1, max: 40 }),
  height: fc.integer({ min: 4, max: 13 }),
  width: fc.integer({ min: 4, max: 13 }),
  styled: fc.boolean(),
  scaled: fc.boolean(),
  biased: fc.boolean(),
  leaky: fc.boolean(),
  added: fc.boolean(),
  factor: fc.constantFrom(1, Math.SQRT1_2),
  tile: fc.constantFrom(...tiles),
  seed: fc.integer(),
};
const windows = fc.oneof(
  fc.record({
    ...shape,
    kernel: fc.integer({ min: 1, max: 4 }),
    stride: fc.integer({ min: 1, max: 3 }),
    padding: fc.integer({ min: 0, max: 2 }),
  }),
  // What conv2d_3x3_subgroup.wgsl takes.
  fc.record({
    ...shape,
    width: fc.constantFrom(4, 8, 12),
    kernel: fc.constant(3),
    stride: fc.constant(1),
    padding: fc.constant(1),
  }),
);
type Drawn = typeof windows extends fc.Arbitrary<infer T> ? T : never;

/** Operands of a convolution with drawn options; the style lies among other layers' styles. */
function draw(drawn: Omit<Drawn, 'kernel' | 'stride' | 'padding'>, kernel: number, outPlane: number) {
  const { batch, inputs, outputs, height, width, seed } = drawn;
  const weight = gaussian([outputs, inputs, kernel, kernel], seed);
  const offset = 3;
  const styles = gaussian([batch, offset + inputs + 2], seed + 1);
  const style = Float32Array.from({ length: batch * inputs }, (_, at) => {
    const b = Math.floor(at / inputs);
    return styles.data[b * (offset + inputs + 2) + offset + (at % inputs)]!;
  });
  const tensors = {
    x: gaussian([batch, inputs, height, width], seed + 2),
    styles,
    scale: gaussian([3 + batch * outputs], seed + 3),
    bias: gaussian([outputs], seed + 4),
    addend: gaussian([batch, outputs, outPlane], seed + 5),
  };
  const reference = {
    ...drawn,
    kernel,
    style: drawn.styled ? style : undefined,
    scale: drawn.scaled ? tensors.scale.data.subarray(3) : undefined,
    bias: drawn.biased ? tensors.bias.data : undefined,
    addend: drawn.added ? tensors.addend.data : undefined,
  };
  return { weight, tensors, offset, reference };
}

describe.each([
  ['shared', 'plain'],
  ['subgroup', 'plain'],
  ['subgroup', 'rows'],
] as const)('conv2d, %s, %s', (product, conv3x3) => {
  beforeEach((test) => {
    useProduct(gpu, product, test);
    gpu.tuning = { ...gpu.tuning, conv3x3 };
  });

  it('equals its float64 twin over odd shapes, kernels, strides, paddings and epilogues', async () => {
    await fc.assert(
      fc.asyncProperty(windows, async (drawn) => {
        const { kernel, stride, padding, outputs, batch, leaky, factor, tile } = drawn;
        gpu.tuning = { ...gpu.tuning, conv2dTile: tile };
        const outHeight = Math.floor((drawn.height + 2 * padding - kernel) / stride) + 1;
        const outWidth = Math.floor((drawn.width + 2 * padding - kernel) / stride) + 1;
        const { weight, tensors, offset, reference } = draw(drawn, kernel, outHeight * outWidth);
        const w = packWeight(weight.data, drawn);
        const addend = { ...tensors.addend, shape: [batch, outputs, outHeight, outWidth] };
        const { y } = await evaluate(gpu, { ...tensors, addend, w }, (rec, t) => ({
          y: conv2d(
            rec,
            t.x,
            { tensor: t.w, outputs },
            {
              stride,
              padding,
              leaky,
              factor,
              style: drawn.styled ? { values: t.styles, offset } : undefined,
              ...(drawn.scaled && { scale: t.scale, scaleOffset: 3 }),
              bias: drawn.biased ? t.bias : undefined,
              addend: drawn.added ? t.addend : undefined,
            },
          ),
        }));
        expect(y.shape).toEqual(addend.shape);
        expectClose('conv2d', y.data, conv2dReference(tensors.x.data, weight.data, reference), 4e-7);
      }),
      { numRuns: 40, seed: 1 },
    );
  });

  it('splits long sums over small pictures, and shares one input among frames', async () => {
    const size = { batch: 3, inputs: 152, outputs: 37, height: 4, width: 5, kernel: 3, padding: 1 };
    const x = gaussian([1, size.inputs, size.height, size.width], 1);
    const weight = gaussian([size.outputs, size.inputs, 3, 3], 2);
    const style = gaussian([size.batch, size.inputs], 3);
    const bias = gaussian([size.outputs], 4);
    const w = packWeight(weight.data, size, 0.5);
    const launches: (readonly number[])[] = [];
    const { y } = await evaluate(gpu, { x, w, style, bias }, (rec, t) => {
      const options = { batch: 3, padding: 1, bias: t.bias, leaky: true };
      const y = conv2d(
        rec,
        t.x,
        { tensor: t.w, outputs: size.outputs },
        {
          ...options,
          style: { values: t.style, offset: 0 },
        },
      );
      launches.push(...rec.dispatches.map(({ workgroups }) => workgroups as readonly number[]));
      return { y };
    });
    const splits = product === 'shared' ? 1 : 0;
    expect(launches).toHaveLength(1 + splits);
    expect(launches[0]![2]).toBeGreaterThan(splits);
    const shared = Float32Array.from([0, 1, 2].flatMap(() => [...x.data]));
    const half = weight.data.map((value) => value / 2);
    const options = { ...size, style: style.data, bias: bias.data, leaky: true };
    expectClose('conv2d', y.data, conv2dReference(shared, half, options), 5e-7);
  });

  it('refuses shapes that do not fit', async () => {
    const x = gaussian([1, 5, 4, 4], 1);
    const w = packWeight(gaussian([3, 6, 3, 3], 2).data, { outputs: 3, inputs: 6, kernel: 3 });
    const run = evaluate(gpu, { x, w }, (rec, t) => ({ y: conv2d(rec, t.x, { tensor: t.w, outputs: 3 }) }));
    await expect(run).rejects.toThrow('conv2d: x[1,5,4,4] should have shape [1,6,*,*]');
  });
});

describe.each(products)('convTranspose2d, %s', (product) => {
  beforeEach((test) => useProduct(gpu, product, test));

  it('equals its float64 twin over odd shapes and epilogues', async () => {
    await fc.assert(
      fc.asyncProperty(fc.record(shape), async (drawn) => {
        const { outputs, batch, height, width, leaky, factor, tile } = drawn;
        gpu.tuning = { ...gpu.tuning, conv2dTile: tile };
        const outPlane = (2 * height + 1) * (2 * width + 1);
        const { weight, tensors, offset, reference } = draw(drawn, 3, outPlane);
        const w = packTransposedWeight(weight.data, { ...drawn, kernel: 3 });
        const addend = { ...tensors.addend, shape: [batch, outputs, 2 * height + 1, 2 * width + 1] };
        const { y } = await evaluate(gpu, { ...tensors, addend, w }, (rec, t) => ({
          y: convTranspose2d(
            rec,
            t.x,
            { tensor: t.w, outputs },
            {
              leaky,
              factor,
              style: drawn.styled ? { values: t.styles, offset } : undefined,
              ...(drawn.scaled && { scale: t.scale, scaleOffset: 3 }),
              bias: drawn.biased ? t.bias : undefined,
              addend: drawn.added ? t.addend : undefined,
            },
          ),
        }));
        expect(y.shape).toEqual(addend.shape);
        const expected = convTranspose2dReference(tensors.x.data, weight.data, reference);
        expectClose('convTranspose2d', y.data, expected, 4e-7);
      }),
      { numRuns: 25, seed: 2 },
    );
  });
});
