import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFlowTransformer } from '../../src/models/transformer/fmt.js';
import type { FloatModel, MotionOptions, WindowOde } from '../../src/pipeline/motion.js';
import { speechMotion } from '../../src/pipeline/motion.js';
import { closeGpu } from '../../src/runtime/gpu.js';
import type { Gpu } from '../../src/runtime/gpu.js';
import { integrate } from '../../src/sampling/solvers.js';
import { parseEmotionSchedule, parseGuidanceSchedule } from '../../src/pipeline/schedule.js';
import { windowFrames } from '../../src/weights/config.js';
import { gaussian, openTestGpu } from '../fixtures.js';
import { tinyModel } from '../model.js';

let gpu: Gpu;
let model: FloatModel;
beforeAll(async () => {
  gpu = await openTestGpu();
  model = await tinyModel(gpu);
});
afterAll(() => closeGpu(gpu));

const speech = gaussian([14000], 3).data.map((value) => value / 5);
const base: MotionOptions = {
  nfe: 3,
  seed: 4,
  audioGuidance: parseGuidanceSchedule('2@0,3@0.5'),
  emotionGuidance: 1.5,
  emotion: parseEmotionSchedule('happy,sad@0.4'),
};

async function motionOf(rS: Float32Array, options: MotionOptions): Promise<Float32Array[]> {
  const windows: Float32Array[] = [];
  for await (const window of speechMotion(model, rS, speech, options)) windows.push(window);
  return windows;
}

describe('onWindow', () => {
  it('tells all that is needed to solve each window again, in arrays that may be overwritten', async () => {
    const { config } = model.model;
    const [L, P] = [windowFrames(config), config.num_prev_frames];
    const rS = gaussian([config.dim_w], 3).data;
    const plain = await motionOf(rS, base);

    const odes: WindowOde[] = [];
    const seen: MotionOptions = {
      ...base,
      onWindow: (ode) => {
        odes.push(structuredClone(ode));
        Object.values(ode.conditions).forEach((own: Float32Array) => own.fill(NaN));
        ode.noise.fill(NaN);
      },
    };
    expect(await motionOf(rS, seen)).toEqual(plain);

    expect(odes.map(({ index, start }) => [index, start])).toEqual(plain.map((_, k) => [k, k * L]));
    expect(odes.map(({ scales }) => scales.emotion)).toEqual(plain.map(() => 1.5));
    // Each window has the guidance at its middle: of 2@0,3@0.5 at 0.2, 0.6 and 1 s.
    expect(odes.map(({ scales }) => scales.audio)).toEqual([expect.closeTo(2.4, 12), 3, 3]);
    const transformer = await createFlowTransformer(gpu, model.weights, config);
    for (const [k, { conditions, scales, noise }] of odes.entries()) {
      expect(conditions.we.length).toBe((P + L) * config.dim_e);
      // Frame by frame, the preceding ones too: happy, and within 0.4 s around 0.4 s (as far as to the key before) sad.
      const sad = Array.from({ length: P + L }, (_, i) => {
        const u = ((k * L - P + i) / config.fps - 0.4) / 0.4 + 0.5;
        return (1 - Math.cos(Math.PI * Math.min(1, Math.max(0, u)))) / 2;
      });
      sad.forEach((share, i) => expect(conditions.we[i * config.dim_e + 5]).toBeCloseTo(share, 6));
      const { x } = await integrate(transformer.field(conditions, scales), noise, {
        solver: 'euler',
        nfe: 3,
      });
      expect(x.subarray(0, plain[k]!.length)).toEqual(plain[k]);
    }
    transformer.destroy();
  });
});
