import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFlowTransformer } from '../../../src/models/transformer/fmt.js';
import { fmtReference, guidedFmtReference } from '../../../src/models/transformer/fmt-reference.js';
import type { Gpu } from '../../../src/runtime/gpu.js';
import { closeGpu } from '../../../src/runtime/gpu.js';
import { parseConfig } from '../../../src/weights/config.js';
import type { FloatConfig } from '../../../src/weights/config.js';
import type { TensorInfo, WeightSource } from '../../../src/weights/source.js';
import { expectedTensors } from '../../../src/weights/manifest.js';
import { expectClose } from '../../compare.js';
import { gaussian, openTestGpu } from '../../fixtures.js';
import { goldenJson } from '../../weights/golden.js';

const tiny = parseConfig(goldenJson('tiny/fmt.json'), 'tiny/fmt.json');

let gpu: Gpu;
beforeAll(async () => {
  gpu = await openTestGpu();
});
afterAll(() => closeGpu(gpu));

/** Weights of the transformer alone, of a size that keeps activations near 1. */
function randomWeights(config: FloatConfig, seed: number): Map<string, Float32Array<ArrayBuffer>> {
  const manifest = expectedTensors({ ...tiny, config });
  const names = [...manifest.keys()].filter((name) => name.startsWith('fmt.'));
  return new Map(
    names.map((name, i) => {
      const shape = manifest.get(name)!;
      const size = Math.sqrt(name.endsWith('.weight') ? shape[1]! : 4);
      return [name, gaussian(shape, seed + i).data.map((value) => value / size)];
    }),
  );
}

function sourceOf(
  weights: ReadonlyMap<string, Float32Array<ArrayBuffer>>,
  config: FloatConfig,
): WeightSource {
  const manifest = expectedTensors({ ...tiny, config });
  const tensors = new Map<string, TensorInfo>();
  for (const name of weights.keys()) tensors.set(name, { dtype: 'F32', shape: manifest.get(name)! });
  return { name: 'random', tensors, read: (name) => Promise.resolve(weights.get(name)!) };
}

const configs = fc
  .record({
    heads: fc.integer({ min: 1, max: 3 }),
    headDim: fc.integer({ min: 5, max: 9 }),
    dim_w: fc.integer({ min: 1, max: 11 }),
    dim_e: fc.integer({ min: 1, max: 8 }),
    fmt_depth: fc.integer({ min: 1, max: 2 }),
    num_prev_frames: fc.integer({ min: 1, max: 5 }),
    frames: fc.integer({ min: 5, max: 40 }),
    attention_window: fc.integer({ min: 0, max: 4 }),
  })
  .map(({ heads, headDim, frames, ...sizes }): FloatConfig => {
    const widths = { dim_h: heads * headDim, dim_a: sizes.dim_w, style_dim: sizes.dim_w };
    return {
      ...tiny.config,
      ...sizes,
      ...widths,
      num_heads: heads,
      fps: 25,
      wav2vec_sec: (frames + 0.5) / 25,
    };
  });

describe('createFlowTransformer', () => {
  it('equals the plain transformer for any sizes, guided and not, with one emotion or one a frame', async () => {
    const scale = fc.integer({ min: 0, max: 4 });
    const cases = fc.tuple(configs, scale, scale, fc.integer({ min: 0, max: 16 }), fc.nat(), fc.boolean());
    await fc.assert(
      fc.asyncProperty(cases, async ([config, audio, emotion, sixteenths, seed, perFrame]) => {
        const { dim_w: d, dim_e: e, num_prev_frames: P } = config;
        const L = Math.trunc(config.wav2vec_sec * config.fps);
        const weights = randomWeights(config, seed);
        const transformer = await createFlowTransformer(gpu, sourceOf(weights, config), config);
        const emotionSize = perFrame ? (P + L) * e : e;
        const lengths = [L * d, L * d, d, emotionSize, P * d, P * d];
        const [x, wa, wr, we, prevX, prevWa] = lengths.map((length, i) => {
          return gaussian([length], seed + 1000 + i).data;
        }) as [Float32Array, Float32Array, Float32Array, Float32Array, Float32Array, Float32Array];
        const at = { t: sixteenths / 16, x, wa, wr, we, prevX, prevWa };

        const single = await transformer.evaluator({ guided: false });
        expectClose('single', await single.evaluate(at), fmtReference(weights, config, at), 1.5e-6);
        const guided = await transformer.evaluator({ guided: true });
        const v = await guided.evaluate(at, { audio, emotion });
        expectClose('guided', v, guidedFmtReference(weights, config, at, audio, emotion), 2e-6);
        transformer.destroy();
      }),
      { numRuns: 15, seed: 1 },
    );
  });

  it('takes the same emotion in every frame as that emotion, bit for bit', async () => {
    const { config } = tiny;
    const { dim_w: d, dim_e: e, num_prev_frames: P } = config;
    const L = Math.trunc(config.wav2vec_sec * config.fps);
    const transformer = await createFlowTransformer(gpu, sourceOf(randomWeights(config, 5), config), config);
    const part = (length: number, seed: number) => gaussian([length], seed).data;
    const [x, wa, wr, prevX, prevWa] = [
      part(L * d, 1),
      part(L * d, 2),
      part(d, 3),
      part(P * d, 4),
      part(P * d, 5),
    ];
    const one = part(e, 6);
    const rows = Float32Array.from({ length: (P + L) * e }, (_, i) => one[i % e]!);
    const scales = { audio: 2, emotion: 1.5 };
    const constant = await transformer.field({ wa, wr, we: one, prevX, prevWa }, scales)(0.5, x);
    const expected = constant.slice();
    expect(await transformer.field({ wa, wr, we: rows, prevX, prevWa }, scales)(0.5, x)).toEqual(expected);
    rows[0] = rows[0]! + 1;
    expect(await transformer.field({ wa, wr, we: rows, prevX, prevWa }, scales)(0.5, x)).not.toEqual(
      expected,
    );
    const short = { wa, wr, we: rows.subarray(e), prevX, prevWa };
    expect(() => transformer.field(short, scales)).toThrow(/we: expected \d+ values/);
    transformer.destroy();
  });
});
