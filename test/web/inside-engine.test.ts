import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { animate } from '../../src/pipeline/animate.js';
import type { FloatModel, WindowOde } from '../../src/pipeline/motion.js';
import { closeGpu } from '../../src/runtime/gpu.js';
import type { Gpu } from '../../src/runtime/gpu.js';
import type { SolverName } from '../../src/sampling/solvers.js';
import { windowFrames } from '../../src/weights/config.js';
import type { LastRun } from '../../web/src/engine/last-run.js';
import { createInside } from '../../web/src/inside/inside-engine.js';
import { expectClose } from '../compare.js';
import { gaussian, openTestGpu } from '../fixtures.js';
import { examplePortrait, tinyModel } from '../model.js';

let gpu: Gpu;
let float: FloatModel;
beforeAll(async () => {
  gpu = await openTestGpu();
  float = await tinyModel(gpu);
});
afterAll(() => closeGpu(gpu));

async function runOf(solver: SolverName, nfe: number) {
  const portrait = await examplePortrait(3);
  const speech = {
    sampleRate: 16000,
    channels: [gaussian([13000], 7).data.map((value) => value / 5)],
  };
  const windows: WindowOde[] = [];
  const motion: number[] = [];
  const frames: Uint8Array[] = [];
  const options = { seed: 3, nfe, solver, audioGuidance: 3, emotionGuidance: 1.5 };
  const told = {
    onWindow: (ode: WindowOde) => windows.push(ode),
    onMotion: (part: Float32Array) => motion.push(...part),
  };
  for await (const { picture } of animate(float, portrait, speech, { ...options, ...told })) {
    frames.push(picture.data);
  }
  const run: LastRun = { float, portrait, motion: Float32Array.from(motion), windows, seed: 3, nfe, solver };
  return { run, frames };
}

const withoutAlpha = (rgba: Uint8ClampedArray) => Uint8Array.from(rgba.filter((_, i) => i % 4 !== 3));

describe('looking inside a run', () => {
  let run: LastRun;
  let frames: Uint8Array[];
  beforeAll(async () => {
    ({ run, frames } = await runOf('euler', 4));
  });

  it('draws its frames again, with flow, mask and features at every resolution', async () => {
    const inside = createInside(run);
    const seen = await inside.frame(14);
    expect(withoutAlpha(seen.picture.data)).toEqual(frames[14]);
    expect(seen.levels.map(({ side }) => side)).toEqual([8, 16, 32, 64]);
    for (const { side, flow, mask, feature, warped } of seen.levels) {
      expect([flow.length, mask.length, feature.length, warped.length]).toEqual(
        [2, 1, 1, 1].map((values) => values * side ** 2),
      );
      expect(flow.every((value) => Math.abs(value) <= side)).toBe(true);
      expect(mask.every((value) => value >= 0 && value <= 1)).toBe(true);
      expect(Math.max(...feature)).toBe(1);
      expect(warped.every((value) => value >= 0 && value <= 1)).toBe(true);
    }
    await inside.destroy();
  });

  it('draws from λ: the portrait’s own, and none for the identity', async () => {
    const inside = createInside(run);
    const { portrait, lambda, count, frames: length, beyond } = await inside.coefficients();
    expect([portrait.length, lambda.length, length]).toEqual([count, count * frames.length, frames.length]);
    expect(beyond).toBeGreaterThan(0);
    expect(beyond).toBeLessThan(1);
    const identity = await inside.draw(new Float32Array(count));
    const own = await inside.draw(Float32Array.from(portrait));
    expect(own.data).not.toEqual(identity.data);
    expect(await inside.draw(Float32Array.from(portrait))).toEqual(own);
    const still = createInside({ ...run, motion: new Float32Array(run.motion.length) });
    expect((await still.frame(0)).picture).toEqual(identity);
    expect((await still.coefficients()).beyond).toBe(0);
    await Promise.all([inside.destroy(), still.destroy()]);
  });

  it('solves a window again: its path ends in the motion, its terms add up, attention keeps to its band', async () => {
    const { config } = float.model;
    const [L, P, reach] = [windowFrames(config), config.num_prev_frames, config.attention_window];
    const inside = createInside(run);
    const seen = await inside.window(L + 1);
    expect(seen).toMatchObject({ index: 1, start: L, length: L, preceding: P, solver: 'euler' });
    expect(seen.t).toEqual([0, 1 / 3, 2 / 3, 1]);
    const { lambda, count } = await inside.coefficients();
    const end = seen.path.at(-1)!;
    const drawn = lambda.subarray(L * count, 2 * L * count);
    expectClose('end', end.subarray(0, drawn.length), drawn, 1e-5);

    expect(seen.terms.length).toBe(3);
    for (const { u, audio, emotion, v } of seen.terms) {
      expect(Math.min(u, audio, emotion, v)).toBeGreaterThan(0);
      expect(v).toBeLessThanOrEqual(u + audio + emotion + 1e-6);
    }

    const N = P + L;
    expect(seen.attention.map(({ block }) => block)).toEqual([...Array(config.fmt_depth).keys()]);
    for (const { heads } of seen.attention) {
      expect(heads.length).toBe(config.num_heads);
      for (const matrix of heads) {
        for (let i = 0; i < N; i++) {
          const row = [...matrix.subarray(i * N, (i + 1) * N)];
          expect(row.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
          expect(row.every((value, j) => value > 0 === Math.abs(i - j) <= reach)).toBe(true);
        }
      }
    }
    expect(await inside.window(L)).toBe(seen);
    await inside.destroy();
  });

  it.each([
    ['rk4', 2e-5],
    ['dopri5', undefined],
  ] as const)('after %s it shows the steps of the grid', async (solver, tolerance) => {
    const { run: other } = await runOf(solver, 3);
    const inside = createInside(other);
    const seen = await inside.window(0);
    expect(seen.solver).toBe(solver);
    expect(seen.t).toEqual([0, 0.5, 1]);
    expect(seen.terms.length).toBe(2);
    const { lambda } = await inside.coefficients();
    if (tolerance) {
      const end = seen.path.at(-1)!;
      expectClose('end', end, lambda.subarray(0, end.length), tolerance);
    }
    await inside.destroy();
  });

  it('times every launch, where the adapter can', async () => {
    const inside = createInside(run);
    const times = await inside.kernels();
    if (gpu.device.features.has('timestamp-query')) {
      expect(new Set(times?.map(({ plan }) => plan))).toEqual(new Set(['decoder', 'field']));
      expect(times?.filter(({ kernel }) => kernel === 'grid_sample').length).toBe(4);
      expect(times?.filter(({ kernel }) => kernel.startsWith('attention')).length).toBe(
        float.model.config.fmt_depth,
      );
    } else {
      expect(times).toBeUndefined();
    }
    await inside.destroy();
  });

  it('answers calls one after the other, and gives all memory back', async () => {
    const before = gpu.memory.bytes;
    const inside = createInside(run);
    const alone = await inside.frame(2);
    const [two, , five, , again] = await Promise.all([
      inside.frame(2),
      inside.window(0),
      inside.frame(5),
      inside.coefficients(),
      inside.frame(2),
    ]);
    expect(two).toEqual(alone);
    expect(again).toEqual(alone);
    expect(five).not.toEqual(alone);
    const late = inside.frame(1);
    await Promise.all([inside.destroy(), expect(late).rejects.toThrow('has gone')]);
    await expect(inside.frame(1)).rejects.toMatchObject({ name: 'Cancelled' });
    expect(gpu.memory.bytes).toBe(before);
  });
});
