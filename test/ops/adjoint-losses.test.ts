import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  absoluteLoss,
  absoluteLossAdjointReference,
  absoluteLossReference,
} from '../../src/ops/absolute-loss.js';
import {
  depthwiseConv2d,
  depthwiseConv2dAdjointReference,
  depthwiseConv2dReference,
} from '../../src/ops/depthwise-conv2d.js';
import { gram, gramAdjointReference, gramReference } from '../../src/ops/gram.js';
import { maxPlaces, maxPool2d } from '../../src/ops/max-pool2d.js';
import {
  minibatchDeviation,
  minibatchDeviationAdjointReference,
  minibatchDeviationReference,
} from '../../src/ops/minibatch-deviation.js';
import { softplusLoss, softplusReference } from '../../src/ops/softplus-loss.js';
import { tapeOperators } from '../../src/ops/tape-operators.js';
import { vggInput, vggInputReference, vggInputSlope } from '../../src/ops/vgg-input.js';
import type { HostTensor } from '../../src/runtime/evaluate.js';
import { evaluate } from '../../src/runtime/evaluate.js';
import type { Gpu } from '../../src/runtime/gpu.js';
import { closeGpu } from '../../src/runtime/gpu.js';
import type { Recorder } from '../../src/runtime/recorder.js';
import { constant } from '../../src/runtime/recorder.js';
import { backward, openTape } from '../../src/runtime/tape.js';
import type { Tensor } from '../../src/runtime/tensor.js';
import { expectClose } from '../compare.js';
import { gaussian, openTestGpu } from '../fixtures.js';
import { expectGradient, gradients } from './adjoint.js';

let gpu: Gpu;
beforeAll(async () => {
  gpu = await openTestGpu();
});
afterAll(() => closeGpu(gpu));

const seeds = fc.integer();
const upTo = (max: number, min = 1) => fc.integer({ min, max });

/** A loss and the gradient of x that begins there. */
async function lossOf(
  inputs: Record<'x', HostTensor> & Record<string, HostTensor>,
  record: (rec: Recorder, t: Record<string, Tensor>) => Tensor,
) {
  const { loss, dx } = await evaluate(gpu, inputs, (rec, t) => {
    const x = t['x']!;
    openTape(rec, tapeOperators(rec), [[x, undefined]]);
    const made = record(rec, t);
    return { loss: made, dx: backward(rec)(x)! };
  });
  return { loss: loss.data, dx: dx.data };
}

describe('twins of losses and of what they look at', () => {
  it('absoluteLoss: central differences', () => {
    const [a, b] = [gaussian([2, 3, 5], 1).data, gaussian([2, 3, 5], 2).data];
    const map = gaussian([2, 5], 3).data.map(Math.abs);
    const size = { batch: 2, channels: 3, map };
    const twin = absoluteLossAdjointReference(a, b, size, { plain: 2, mapped: 0.5 });
    expectGradient('da', (v) => absoluteLossReference(v, b, size), a, [2, 0.5], twin);
  });

  it('softplus, VGG input: central differences', () => {
    const x = Float64Array.from({ length: 80 }, (_, i) => (i - 39.7) / 9);
    const ones = new Float64Array(80).fill(1);
    const values = (v: ArrayLike<number>) => Float64Array.from(v, (each) => softplusReference(each).value);
    expectGradient('softplus', values, x, ones, x.map((v) => softplusReference(v).slope)); // prettier-ignore
    const inputs = (v: ArrayLike<number>) =>
      Float64Array.from(v, (each, i) => vggInputReference(each, i % 3));
    expectGradient('vgg', inputs, x, ones, x.map((v, i) => vggInputSlope(v, i % 3))); // prettier-ignore
  });

  it('minibatchDeviation, gram, depthwiseConv2d, maxPool2d: central differences', () => {
    fc.assert(
      fc.property(fc.constantFrom(1, 2, 3, 4, 8), upTo(4), upTo(3), seeds, (batch, channels, side, seed) => {
        const x = gaussian([batch, channels, side, side], seed).data;
        const dy = gaussian([batch], seed + 1).data;
        if (batch > 1) {
          const twin = minibatchDeviationAdjointReference(x, batch, dy);
          expectGradient('deviation', (v) => minibatchDeviationReference(v, batch), x, dy, twin);
        }
        const dg = gaussian([batch, channels, channels], seed + 2).data;
        const gramTwin = gramAdjointReference(x, dg, batch, channels);
        expectGradient('gram', (v) => gramReference(v, batch, channels), x, dg, gramTwin);
        const size = { batch, channels, height: side + 2, width: side + 1, kernel: 3, stride: 2 };
        const full = { ...size, padding: [1, 1] as const };
        const [wide, weight] = [
          gaussian([batch, channels, side + 2, side + 1], seed + 3),
          gaussian([channels, 9], 4),
        ];
        const forward = (v: ArrayLike<number>) => depthwiseConv2dReference(v, weight.data, undefined, full);
        const given = gaussian([forward(wide.data).length], seed + 5).data;
        const depthwise = depthwiseConv2dAdjointReference(weight.data, given, full);
        expectGradient('depthwise', forward, wide.data, given, depthwise);
      }),
      { numRuns: 12, seed: 1 },
    );
  });
});

describe('losses on the GPU', () => {
  it('absoluteLoss, plain and by a map, over odd shapes', async () => {
    await fc.assert(
      fc.asyncProperty(upTo(3), upTo(9), upTo(400), seeds, async (batch, channels, plane, seed) => {
        const [x, b] = [
          gaussian([batch, channels, plane], seed),
          gaussian([batch, channels, plane], seed + 1),
        ];
        const map = { shape: [batch, plane], data: gaussian([batch, plane], seed + 2).data.map(Math.abs) };
        const options = { plain: 2, mapped: 0.5 };
        const ours = await lossOf({ x, b, map }, (rec, t) =>
          absoluteLoss(rec, t['x']!, t['b']!, { ...options, map: t['map'] }),
        );
        const size = { batch, channels, map: map.data };
        expectClose('loss', ours.loss, absoluteLossReference(x.data, b.data, size), 5e-7);
        expectClose('da', ours.dx, absoluteLossAdjointReference(x.data, b.data, size, options), 5e-7);
      }),
      { numRuns: 5, seed: 1 },
    );
  });

  it.each([1, -1] as const)('softplusLoss, sign %s', async (s) => {
    const x = { shape: [901], data: Float32Array.from({ length: 901 }, (_, i) => (i - 450) / 10) };
    const ours = await lossOf({ x }, (rec, t) => softplusLoss(rec, t['x']!, s, 3));
    const twins = Array.from(x.data, (v) => softplusReference(s * v));
    expectClose('loss', ours.loss, [twins.reduce((sum, { value }) => sum + value, 0) / 901], 3e-7);
    expectClose('dx', ours.dx, twins.map(({ slope }) => (3 * s * slope) / 901), 3e-7); // prettier-ignore
    // One small loss by itself, which a logarithm of a sum would round away.
    const small = await lossOf({ x: { shape: [1], data: Float32Array.of(-12 * s) } }, (rec, t) =>
      softplusLoss(rec, t['x']!, s),
    );
    expectClose('small', small.loss, [Math.log1p(Math.exp(-12))], 1e-6);
  });

  it.each([1, 2, 3, 4, 8])('minibatchDeviation, batch %s', async (batch) => {
    const [x, dy] = [gaussian([batch, 5, 4, 4], 1), gaussian([batch, 1, 4, 4], 2)];
    const { y } = await evaluate(gpu, { x }, (rec, t) => ({ y: minibatchDeviation(rec, t.x) }));
    const twin = minibatchDeviationReference(x.data, batch);
    expectClose(
      'y',
      y.data,
      Float64Array.from(y.data, (_, at) => twin[Math.floor(at / 16)]!),
      5e-7,
    );
    const ours = await gradients(gpu, { x }, dy, (rec, t) => minibatchDeviation(rec, t.x));
    const given = Float64Array.from({ length: batch }, (_, n) =>
      dy.data.slice(16 * n, 16 * n + 16).reduce((sum, d) => sum + d, 0),
    );
    if (batch === 1) expect(ours.x.every((d) => d === 0)).toBe(true);
    else expectClose('dx', ours.x, minibatchDeviationAdjointReference(x.data, batch, given), 2e-6);
  });

  it('minibatchDeviation refuses a batch of 6', async () => {
    const x = gaussian([6, 1, 1, 1], 1);
    await expect(evaluate(gpu, { x }, (rec, t) => ({ y: minibatchDeviation(rec, t.x) }))).rejects.toThrow(
      'minibatchDeviation: a batch of 6, expected at most 4 or a multiple of 4',
    );
  });

  it('gram, depthwiseConv2d, maxPool2d and VGG input', async () => {
    const x = gaussian([2, 5, 6, 4], 1);
    const g = await gradients(gpu, { x }, gaussian([2, 5, 5], 2), (rec, t) => gram(rec, t.x));
    expectClose('gram', g.x, gramAdjointReference(x.data, gaussian([2, 5, 5], 2).data, 2, 5), 1e-6);

    for (const [kernel, stride] of [
      [5, 2],
      [13, 4],
    ] as const) {
      // prettier-ignore
      const [height, width] = [17, 12];
      const size = { batch: 2, channels: 3, height, width, kernel, stride };
      const padding = [(kernel - 1) / 2, (kernel - 1) / 2] as const;
      const [picture, weight] = [gaussian([2, 3, height, width], 3), gaussian([3, kernel, kernel], 4)];
      const dy = gaussian([2, 3, Math.ceil(height / stride), Math.ceil(width / stride)], 5);
      const ours = await gradients(gpu, { picture }, dy, (rec, t) =>
        depthwiseConv2d(rec, t.picture, constant(rec, 'w', weight.shape, weight.data), { stride, padding }),
      );
      const twin = depthwiseConv2dAdjointReference(weight.data, dy.data, { ...size, padding });
      expectClose('depthwise', ours.picture, twin, 1e-6);
    }

    const dy = gaussian([2, 5, 3, 2], 6);
    // With ties, of which the first is taken.
    const rounded = { shape: x.shape, data: x.data.map((v) => Math.round(v)) };
    const pooled = await gradients(gpu, { x: rounded }, dy, (rec, t) => maxPool2d(rec, t.x, 2));
    const spread = new Float64Array(x.data.length);
    maxPlaces(rounded.data, 4, 2).forEach((place, at) => (spread[place] = dy.data[at]!));
    expectClose('maxPool2d', pooled.x, spread, 0);

    const [picture, dPicture] = [gaussian([2, 3, 4, 5], 7), gaussian([2, 3, 4, 5], 8)];
    const vgg = await gradients(gpu, { picture }, dPicture, (rec, t) => vggInput(rec, t.picture));
    const slopes = picture.data.map(
      (v, at) => vggInputSlope(v, Math.floor(at / 20) % 3) * dPicture.data[at]!,
    );
    expectClose('VGG input', vgg.picture, slopes, 3e-7);
  });
});
