import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { animate } from '../../src/pipeline/animate.js';
import type { MotionOptions } from '../../src/pipeline/motion.js';
import { speechMotion } from '../../src/pipeline/motion.js';
import { directionMatrix } from '../../src/models/autoencoder/direction.js';
import { motionScaler } from '../../src/models/autoencoder/motion-scale.js';
import { closeGpu } from '../../src/runtime/gpu.js';
import type { Gpu } from '../../src/runtime/gpu.js';
import { parseEmotionSchedule, parseGuidanceSchedule } from '../../src/pipeline/schedule.js';
import { gaussian, openTestGpu } from '../fixtures.js';
import { demoModel, tinyModel } from '../model.js';

/** Columns of the demo's Q. */
const [yaw, jaw, smile] = [0, 5, 8];

let gpu: Gpu;
beforeAll(async () => {
  gpu = await openTestGpu();
});
afterAll(() => closeGpu(gpu));

/** 16 kHz, a voice-like buzz that swells and fades. */
const buzz = (seconds: number) =>
  Float32Array.from({ length: Math.round(16000 * seconds) }, (_, i) => {
    return 0.2 * (1 + Math.sin(i / 900)) * Math.sin(i / 18) * Math.sin(i / 7);
  });

describe('control over time', () => {
  it('a constant schedule is the constant, bit for bit', async () => {
    const tiny = await tinyModel(gpu);
    const rS = gaussian([tiny.model.config.dim_w], 3).data;
    const motion = async (options: MotionOptions) => {
      const parts: number[] = [];
      for await (const part of speechMotion(tiny, rS, buzz(0.9), { nfe: 3, ...options })) parts.push(...part);
      return parts;
    };
    const constant = await motion({ emotion: 'happy', audioGuidance: 2, emotionGuidance: 3 });
    const emotion = parseEmotionSchedule('happy@0,happy@0.5');
    expect(
      await motion({
        emotion,
        audioGuidance: parseGuidanceSchedule('2@0.1,2@0.4'),
        emotionGuidance: [{ time: 0, scale: 3 }],
      }),
    ).toEqual(constant);
    expect(await motion({ emotion: parseEmotionSchedule('heard') })).toEqual(await motion({}));
    await expect(motion({ emotion: [] })).rejects.toThrow(/emotion: expected at least one key/);
    await expect(motion({ audioGuidance: NaN })).rejects.toThrow(/audioGuidance: .*NaN/);
  });

  it('the demo smiles where it is told to, and not before', async () => {
    const demo = await demoModel(gpu);
    const { config } = demo.model;
    const { q, rows: d, cols } = await directionMatrix(demo.weights);
    const curve: number[] = [];
    const options = { nfe: 4, emotion: parseEmotionSchedule('sad,happy@2') };
    for await (const part of speechMotion(demo, new Float32Array(d), buzz(4), options)) {
      for (let at = 0; at < part.length; at += d) {
        curve.push(part.subarray(at, at + d).reduce((sum, x, i) => sum + x * q[i * cols + smile]!, 0));
      }
    }
    const mean = (from: number, to: number) =>
      curve.slice(from * config.fps, to * config.fps).reduce((sum, x) => sum + x, 0) /
      ((to - from) * config.fps);
    expect(curve.length).toBe(100);
    expect(mean(2.5, 4) - mean(0, 1.5)).toBeGreaterThan(1);
  });
});

describe('motionScaler', () => {
  it('turns the demo’s head less and leaves its lips alone', async () => {
    const demo = await demoModel(gpu);
    const { q, rows: d, cols } = await directionMatrix(demo.weights);
    const rS = new Float32Array(d);
    const motion = gaussian([1, d], 1).data;
    const scaled = (await motionScaler(demo, rS, 0.25))(motion);
    const along = (x: Float32Array, m: number) => x.reduce((sum, v, i) => sum + v * q[i * cols + m]!, 0);
    expect(along(scaled, yaw)).toBeCloseTo(along(motion, yaw) / 4, 5);
    for (const m of [jaw, smile]) expect(along(scaled, m)).toBeCloseTo(along(motion, m), 5);
    expect((await motionScaler(demo, rS, 1))(motion)).toBe(motion);
    for (const wrong of [-1, NaN, Infinity]) {
      await expect(motionScaler(demo, rS, wrong)).rejects.toThrow(/motionScale: expected/);
    }
  });

  it('reaches the frames: at 0 the tiny model, whose directions have no names, stands still', async () => {
    const tiny = await tinyModel(gpu);
    const portrait = {
      width: 64,
      height: 64,
      data: Uint8Array.from({ length: 12288 }, (_, i) => (i * 37) % 256),
    };
    const speech = { sampleRate: 16000, channels: [buzz(0.3)] };
    const frames: Uint8Array[] = [];
    for await (const { picture } of animate(tiny, portrait, speech, { nfe: 3, motionScale: 0 }))
      frames.push(picture.data);
    expect(frames.length).toBe(8);
    for (const frame of frames) expect(frame).toEqual(frames[0]);
  });
});
