import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { channelSumsReference } from '../../src/ops/channel-sums.js';
import { squareSums } from '../../src/ops/conv-weight.js';
import {
  conv2d,
  conv2dAdjointReference,
  conv2dReference,
  convTranspose2d,
  convTranspose2dReference,
} from '../../src/ops/conv2d.js';
import { leakyReference } from '../../src/ops/epilogue.js';
import { joinPictures, leakyAdjointReference } from '../../src/ops/finish.js';
import {
  demodulation,
  demodulationAdjointReference,
  styledConv,
  styledConvReference,
} from '../../src/ops/modulated-conv2d.js';
import { pointwise, pointwiseReference } from '../../src/ops/pointwise.js';
import { repackWeight, weightSquares } from '../../src/ops/repack-weight.js';
import { upfirdn2d, upfirdn2dAdjointReference, upfirdn2dReference } from '../../src/ops/upfirdn2d.js';
import { evaluate } from '../../src/runtime/evaluate.js';
import type { Gpu } from '../../src/runtime/gpu.js';
import { closeGpu } from '../../src/runtime/gpu.js';
import { expectClose } from '../compare.js';
import { gaussian, openTestGpu, products, useProduct } from '../fixtures.js';
import { differences, expectGradient, gradients } from './adjoint.js';

let gpu: Gpu;
beforeAll(async () => {
  gpu = await openTestGpu();
});
afterAll(() => closeGpu(gpu));

const seeds = fc.integer();
const upTo = (max: number, min = 1) => fc.integer({ min, max });

/** Each kind of convolution that the model has. */
interface Kind {
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  readonly transposed: boolean;
}
const kinds: readonly Kind[] = [
  { kernel: 3, stride: 1, padding: 1, transposed: false },
  { kernel: 1, stride: 1, padding: 0, transposed: false },
  { kernel: 3, stride: 1, padding: 0, transposed: false },
  { kernel: 3, stride: 2, padding: 0, transposed: false },
  { kernel: 3, stride: 2, padding: 0, transposed: true },
];

function sizes(kind: Kind, [batch, inputs, outputs, rows, columns]: readonly number[]) {
  const odd = kind.stride === 2 && !kind.transposed;
  const [height, width] = [rows!, columns!].map((side) => (odd ? 2 * side + 1 : side + kind.kernel - 1));
  const outSide = (side: number) =>
    kind.transposed ? 2 * side + 1 : Math.floor((side + 2 * kind.padding - kind.kernel) / kind.stride) + 1;
  return {
    size: { batch: batch!, inputs: inputs!, outputs: outputs!, height: height!, width: width!, ...kind },
    outShape: [batch!, outputs!, outSide(height!), outSide(width!)],
  };
}

const forward = (
  kind: Kind,
  x: ArrayLike<number>,
  w: ArrayLike<number>,
  size: Parameters<typeof conv2dReference>[2],
) => (kind.transposed ? convTranspose2dReference(x, w, size) : conv2dReference(x, w, size));

describe('twins of adjoints of pictures', () => {
  it('convolutions with style and demodulation: central differences', () => {
    const shape = fc.tuple(upTo(2), upTo(3), upTo(3), upTo(3), upTo(3));
    fc.assert(
      fc.property(fc.constantFrom(...kinds), shape, seeds, (kind, extents, seed) => {
        const { size, outShape } = sizes(kind, extents);
        const { batch, inputs, outputs, height, width, kernel } = size;
        const [x, w, style, scale, dy] = [
          [batch, inputs, height, width],
          [outputs, inputs, kernel, kernel],
          [batch, inputs],
          [batch, outputs],
          outShape,
        ].map((of, i) => gaussian(of, seed + i).data) as [Float32Array, ...Float32Array[]];
        const twin = conv2dAdjointReference(x, w!, dy!, { ...size, style, scale });
        const f = { style, scale };
        expectGradient('dx', (v) => forward(kind, v, w!, { ...size, ...f }), x, dy!, twin.dx);
        expectGradient('dW', (v) => forward(kind, x, v, { ...size, ...f }), w!, dy!, twin.dWeight);
        expectGradient(
          'ds',
          (v) => forward(kind, x, w!, { ...size, ...f, style: v }),
          style!,
          dy!,
          twin.dStyle,
        );
        expectGradient(
          'dd',
          (v) => forward(kind, x, w!, { ...size, ...f, scale: v }),
          scale!,
          dy!,
          twin.dScale,
        );
      }),
      { numRuns: 25, seed: 1 },
    );
  });

  it('upfirdn2d: central differences', () => {
    fc.assert(
      fc.property(resamplings, upTo(5, 2), upTo(5, 2), seeds, (options, height, width, seed) => {
        const size = { batch: 2, outputs: 1, height, width, ...options };
        const x = gaussian([2, 1, height, width], seed).data;
        const dy = gaussian([upfirdn2dReference(x, size).length], seed + 1).data;
        expectGradient('dx', (v) => upfirdn2dReference(v, size), x, dy, upfirdn2dAdjointReference(dy, size));
      }),
      { numRuns: 20, seed: 1 },
    );
  });

  it('FusedLeakyReLU by its result, demodulation, channel sums: central differences', () => {
    const [v, dy] = [gaussian([60], 1).data, gaussian([60], 2).data];
    const leaky = (x: ArrayLike<number>) => Float64Array.from(x, leakyReference);
    expectGradient('leaky', leaky, v, dy, leakyAdjointReference(leaky(v), dy));
    const size = { batch: 3, inputs: 4, outputs: 2 };
    const [s, squares] = [gaussian([12], 3).data, gaussian([8], 4).data.map((q) => q * q + 0.1)];
    const twin = demodulationAdjointReference(s, squares, dy, size);
    const d = (style: ArrayLike<number>, sq: ArrayLike<number>) =>
      Float64Array.from({ length: 6 }, (_, row) => {
        let sum = 1e-8;
        for (let i = 0; i < 4; i++) sum += style[Math.floor(row / 2) * 4 + i]! ** 2 * sq[(row % 2) * 4 + i]!;
        return sum ** -0.5;
      });
    const dd = dy.slice(0, 6);
    const demodulated = demodulationAdjointReference(s, squares, dd, size);
    expect(twin.dStyle).toEqual(demodulated.dStyle);
    expectGradient('ds', (x) => d(x, squares), s, dd, demodulated.dStyle);
    expectGradient('dsquares', (x) => d(s, x), squares, dd, demodulated.dSquares);
    const [a, b, divisor] = [5, 6, 7].map((seed) => gaussian([20], seed).data);
    const sums = channelSumsReference(a!, 4, { b: b!, divisor: divisor! });
    expect(sums[1]).toBeCloseTo(
      [5, 6, 7, 8, 9].reduce((sum, i) => sum + a![i]! * b![i]!, 0) / divisor![1]!,
      12,
    );
  });
});

const resamplings = fc.constantFrom(
  { pad: [1, 1] as const, gain: 4 },
  { pad: [2, 2] as const },
  { pad: [1, 1] as const, down: 2 },
  { pad: [2, 1] as const, up: 2, gain: 4 },
);

describe.each(products)('adjoints of pictures on the GPU, product %s', (product) => {
  it('convolutions with style, demodulation, bias, FusedLeakyReLU and shortcut', async (context) => {
    useProduct(gpu, product, context);
    const shape = fc.tuple(upTo(3), upTo(20), upTo(36), upTo(14), upTo(7));
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...kinds), shape, seeds, async (kind, extents, seed) => {
        const { size, outShape } = sizes(kind, extents);
        const { batch, inputs, outputs, height, width, kernel } = size;
        const [x, weight, style, scale, bias, addend, dy] = [
          [batch, inputs, height, width],
          [outputs, inputs, kernel, kernel],
          [batch, inputs],
          [batch, outputs],
          [outputs],
          outShape,
          outShape,
        ].map((of, i) => gaussian(of, seed + i));
        const given = { x: x!, weight: weight!, style: style!, scale: scale!, bias: bias!, addend: addend! };
        const ours = await gradients(gpu, given, dy!, (rec, t) => {
          const packed = repackWeight(rec, t.weight, { scale: 0.5, transposed: kind.transposed });
          const options = {
            style: { values: t.style, offset: 0 },
            scale: t.scale,
            bias: t.bias,
            leaky: true,
            addend: t.addend,
            factor: Math.SQRT1_2,
          };
          return kind.transposed
            ? convTranspose2d(rec, t.x, packed, options)
            : conv2d(rec, t.x, packed, { ...options, ...kind });
        });
        const w = Float64Array.from(weight!.data, (value) => 0.5 * value);
        const factors = { style: style!.data, scale: scale!.data };
        const made = forward(kind, x!.data, w, { ...size, ...factors, bias: bias!.data, leaky: true });
        const joined = dy!.data.map((d) => d * Math.SQRT1_2);
        const dv = leakyAdjointReference(made, joined);
        const twin = conv2dAdjointReference(x!.data, w, dv, { ...size, ...factors });
        expectClose('dx', ours.x, twin.dx, 2e-6);
        expectClose('dW', ours.weight, twin.dWeight.map((d) => 0.5 * d), 2e-6); // prettier-ignore
        expectClose('ds', ours.style, twin.dStyle, 1e-5);
        expectClose('dd', ours.scale, twin.dScale, 1e-5);
        const perChannel = channelSumsReference(dv, batch * outputs);
        const dBias = Float64Array.from({ length: outputs }, (_, o) =>
          perChannel.reduce((sum, d, at) => sum + (at % outputs === o ? d : 0), 0),
        );
        expectClose('dbias', ours.bias, dBias, 1e-5);
        expectClose('daddend', ours.addend, joined, 2e-7);
      }),
      { numRuns: 12, seed: 1 },
    );
  });

  it('styledConv, plain and upsampling, of packed styles and a picture that all frames share', async (context) => {
    useProduct(gpu, product, context);
    const [batch, inputs, outputs, side] = [2, 5, 3, 3];
    for (const upsample of [false, true]) {
      const out = upsample ? 2 * side : side;
      const given = {
        x: gaussian([upsample ? batch : 1, inputs, side, side], 1),
        weight: gaussian([outputs, inputs, 3, 3], 2),
        styles: gaussian([batch, 2 * inputs], 3),
        bias: gaussian([outputs], 4),
      };
      const dy = gaussian([batch, outputs, out, out], 5);
      const ours = await gradients(gpu, given, dy, (rec, t) => {
        const conv = repackWeight(rec, t.weight, { transposed: upsample });
        const weight = { conv, squares: weightSquares(rec, conv), bias: t.bias };
        const half = (offset: number) =>
          styledConv(rec, t.x, weight, { values: t.styles, offset }, { upsample });
        return joinPictures(rec, half(0), half(inputs), 1);
      });
      const f = (v: Record<keyof typeof given, ArrayLike<number>>) =>
        Array.from({ length: batch }, (_, n) => {
          const [first, second] = [0, inputs].map((offset) => {
            const from = 2 * n * inputs + offset;
            const style = Array.from(v.styles).slice(from, from + inputs);
            const size = { outputs, height: side, width: side, upsample };
            const x = upsample
              ? Array.from(v.x).slice(n * inputs * side ** 2, (n + 1) * inputs * side ** 2)
              : v.x;
            return styledConvReference(x, v.weight, style, v.bias, size);
          });
          return Array.from(first!, (value, at) => value + second![at]!);
        }).flat();
      const exact = Object.fromEntries(
        Object.entries(given).map(([name, { data }]) => [name, data]),
      ) as Record<keyof typeof given, Float32Array>;
      for (const name of Object.keys(given) as (keyof typeof given)[]) {
        const slopes = differences((v) => f({ ...exact, [name]: v }), given[name].data, dy.data);
        expectClose(`d ${name}`, ours[name], slopes, 3e-6);
      }
    }
  });

  it('pointwise with style, bias, FusedLeakyReLU and shift', async (context) => {
    useProduct(gpu, product, context);
    const [batch, inputs, outputs, plane] = [2, 7, 3, 20];
    const given = {
      x: gaussian([batch, inputs, 4, 5], 1),
      weight: gaussian([outputs, inputs, 1, 1], 2),
      style: gaussian([batch, inputs], 3),
      bias: gaussian([outputs], 4),
      shift: gaussian([outputs], 5),
    };
    const dy = gaussian([batch, outputs, 4, 5], 6);
    const ours = await gradients(gpu, given, dy, (rec, t) =>
      pointwise(rec, t.x, repackWeight(rec, t.weight), {
        style: { values: t.style, offset: 0 },
        bias: t.bias,
        leaky: true,
        shift: t.shift,
      }),
    );
    for (const name of Object.keys(given) as (keyof typeof given)[]) {
      const f = (v: Float64Array) => {
        const at = {
          ...Object.fromEntries(Object.entries(given).map(([key, { data }]) => [key, data])),
          [name]: v,
        };
        const { x, weight, ...options } = at as unknown as Record<keyof typeof given, Float64Array>;
        return pointwiseReference(x, weight, { batch, inputs, outputs, plane }, { ...options, leaky: true });
      };
      expectClose(name, ours[name], differences(f, given[name].data, dy.data), 2e-6);
    }
  });
});

describe('adjoints of pictures on the GPU', () => {
  it('upfirdn2d over odd shapes', async () => {
    await fc.assert(
      fc.asyncProperty(resamplings, upTo(14, 2), upTo(14, 2), seeds, async (options, height, side, seed) => {
        const width = side + ((side + height) % 2);
        const size = { batch: 2, outputs: 3, height, width, ...options };
        const x = gaussian([2, 3, height, width], seed);
        const made = await evaluate(gpu, { x }, (rec, t) => ({ y: upfirdn2d(rec, t.x, options) }));
        const dy = gaussian(made.y.shape, seed + 1);
        const ours = await gradients(gpu, { x }, dy, (rec, t) => upfirdn2d(rec, t.x, options));
        expectClose('dx', ours.x, upfirdn2dAdjointReference(dy.data, size), 5e-7);
      }),
      { numRuns: 15, seed: 1 },
    );
  });

  it('demodulation', async () => {
    const size = { batch: 3, inputs: 37, outputs: 21 };
    const s = gaussian([3, 37], 1);
    const squares = { shape: [21, 37], data: gaussian([21, 37], 2).data.map((q) => q * q) };
    const dd = gaussian([3, 21], 3);
    const ours = await gradients(gpu, { s, squares }, dd, (rec, t) =>
      demodulation(rec, { values: t.s, offset: 0 }, t.squares),
    );
    const twin = demodulationAdjointReference(s.data, squares.data, dd.data, size);
    expectClose('ds', ours.s, twin.dStyle, 1e-6);
    expectClose('dsquares', ours.squares, twin.dSquares, 1e-6);
  });

  it('packed weights and their squares, as the host packs them', async () => {
    const weight = gaussian([5, 6, 3, 3], 1);
    const dy = gaussian([5, 6], 2);
    const ours = await gradients(gpu, { weight }, dy, (rec, t) =>
      weightSquares(rec, repackWeight(rec, t.weight, { scale: 0.3, transposed: true })),
    );
    const exact = weight.data.map((w, at) => 2 * 0.09 * w * dy.data[Math.floor(at / 9)]!);
    expectClose('dW', ours.weight, exact, 3e-7);
    const { squares } = await evaluate(gpu, { weight }, (rec, t) => ({
      squares: weightSquares(rec, repackWeight(rec, t.weight, { scale: 0.3 })),
    }));
    expectClose(
      'squares',
      squares.data,
      squareSums(weight.data, { outputs: 5, inputs: 6, kernel: 3 }, 0.3),
      3e-7,
    );
  });
});
