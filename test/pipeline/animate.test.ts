import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AnimateOptions } from '../../src/pipeline/animate.js';
import { animate, defaultBatch } from '../../src/pipeline/animate.js';
import type { Picture } from '../../src/media/picture.js';
import type { Sound } from '../../src/media/sound.js';
import { frameCount } from '../../src/pipeline/motion.js';
import type { FloatModel } from '../../src/pipeline/motion.js';
import { closeGpu, createBuffer, destroyBuffer } from '../../src/runtime/gpu.js';
import type { Gpu } from '../../src/runtime/gpu.js';
import { gaussian, openTestGpu } from '../fixtures.js';
import { examplePortrait, tinyModel } from '../model.js';

let gpu: Gpu;
let model: FloatModel;
let portrait: Picture;
beforeAll(async () => {
  gpu = await openTestGpu();
  model = await tinyModel(gpu);
  portrait = await examplePortrait(3);
});
afterAll(() => closeGpu(gpu));

const speech = (seconds: number, sampleRate = 16000): Sound => ({
  sampleRate,
  channels: [gaussian([Math.round(seconds * sampleRate)], 7).data.map((value) => value / 5)],
});

async function framesOf(sound: Sound, options: AnimateOptions = {}): Promise<Uint8Array[]> {
  const frames: Uint8Array[] = [];
  for await (const frame of animate(model, portrait, sound, { nfe: 3, ...options })) {
    expect(frame.index).toBe(frames.length);
    expect(frame.time).toBeCloseTo(frame.index / (options.fps ?? 25), 12);
    frames.push(frame.picture.data);
  }
  return frames;
}

describe('animate', () => {
  it('makes ceil(seconds · 25) frames of S×S, at any sample rate', async () => {
    expect(frameCount(16001, model.model.config)).toBe(26);
    for (const rate of [16000, 44100]) {
      const frames = await framesOf(speech(0.9, rate));
      expect(frames.length).toBe(23);
      expect(new Set(frames.map(({ length }) => length))).toEqual(new Set([64 * 64 * 3]));
    }
  });

  it('makes the same frames from the same seed, and others from another', async () => {
    const [first, again, other] = [
      await framesOf(speech(0.5), { seed: 1 }),
      await framesOf(speech(0.5), { seed: 1 }),
      await framesOf(speech(0.5), { seed: 2 }),
    ];
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });

  it('draws the same frames from the motion it sampled', async () => {
    const parts: Float32Array[] = [];
    const sampled = await framesOf(speech(0.9), { onMotion: (part) => parts.push(part) });
    expect(parts.map(({ length }) => length / 20)).toEqual([10, 10, 3]);
    const motion = Float32Array.from(parts.flatMap((part) => [...part]));
    expect(await framesOf(speech(0.9), { motion })).toEqual(sampled);
  });

  it('at 50 frames a second draws the motion between, and each old frame at its old time', async () => {
    const [parts, again]: Float32Array[][] = [[], []];
    const slow = await framesOf(speech(0.9), { onMotion: (part) => parts!.push(part) });
    const fast = await framesOf(speech(0.9), { fps: 50, onMotion: (part) => again!.push(part) });
    expect(again).toEqual(parts);
    expect(fast.length).toBe(46);
    expect(fast.filter((_, i) => i % 2 === 0)).toEqual(slow);
    // No frame is shown twice but the last: what lies between two is neither of them.
    for (let i = 1; i + 1 < 45; i += 2) {
      expect(fast[i]).not.toEqual(fast[i - 1]);
      expect(fast[i]).not.toEqual(fast[i + 1]);
    }
    const few: number[] = [];
    const sparse = await framesOf(speech(0.9), { fps: 1, onMotion: (part) => few.push(part.length / 20) });
    expect([sparse, few]).toEqual([[slow[0]], [10, 10, 3]]);
    await expect(framesOf(speech(0.3), { fps: 0 })).rejects.toThrow(
      'fps: expected more than 0 and at most 240',
    );
  });

  it('gives the first frame when one window is sampled, before the others', async () => {
    let windows = 0;
    const options = { nfe: 3, onMotion: () => windows++ };
    for await (const { index } of animate(model, portrait, speech(2), options)) {
      expect(windows).toBe(Math.floor(index / 10) + 1);
    }
    expect(windows).toBe(5);
  });

  it('draws the same frames several at once, where they do not divide a window', async () => {
    const one = await framesOf(speech(0.9), { batch: 1 });
    expect(await framesOf(speech(0.9), { batch: 4 })).toEqual(one);
    await expect(framesOf(speech(0.3), { batch: 0 })).rejects.toThrow(
      'batch: expected 1 to 64 frames, got 0',
    );
  });

  it('draws several at once on graphics cards that a frame does not fill', () => {
    const info = (isFallbackAdapter: boolean) => ({ isFallbackAdapter }) as GPUAdapterInfo;
    expect([64, 256, 512].map((side) => defaultBatch(info(false), side))).toEqual([5, 2, 1]);
    expect(defaultBatch(info(true), 64)).toBe(1);
  });

  it('makes nothing on the GPU once the first window is drawn', async () => {
    const { device } = gpu;
    const made: string[] = [];
    const watched = [
      'createBuffer',
      'createBindGroup',
      'createComputePipelineAsync',
      'createShaderModule',
      'createQuerySet',
    ] as const;
    const frames = animate(model, portrait, speech(2), { nfe: 4 });
    try {
      for await (const { index } of frames) {
        if (index !== 10) continue;
        for (const name of watched) {
          const original = device[name].bind(device) as (...args: unknown[]) => unknown;
          Object.assign(device, {
            [name]: (...args: unknown[]) => {
              made.push(name);
              return original(...args);
            },
          });
        }
      }
      // So that this test would notice.
      destroyBuffer(gpu, createBuffer(gpu, 'one', 16, GPUBufferUsage.COPY_DST));
    } finally {
      for (const name of watched) Reflect.deleteProperty(device, name);
    }
    expect(made).toEqual(['createBuffer']);
  });

  it('shows the emotion it is told to', async () => {
    const heard: Float32Array[] = [];
    await framesOf(speech(0.3), { emotion: 'sad', onEmotion: (we) => heard.push(we) });
    expect(heard.map((we) => [...we])).toEqual([[0, 0, 0, 0, 0, 1, 0]]);
  });

  it('stops when aborted, and when its reader leaves, with all GPU memory given back', async () => {
    const before = gpu.memory.bytes;
    const abort = new AbortController();
    const run = async () => {
      for await (const { index } of animate(model, portrait, speech(2), { nfe: 3, signal: abort.signal })) {
        if (index === 4) abort.abort(new Error('enough'));
        expect(index).toBeLessThan(5);
      }
    };
    await expect(run()).rejects.toThrow('enough');
    expect(gpu.memory.bytes).toBe(before);
    for await (const { index } of animate(model, portrait, speech(2), { nfe: 3 })) if (index === 12) break;
    expect(gpu.memory.bytes).toBe(before);
  });

  it('needs no more GPU memory from the third window on', async () => {
    const seen: number[] = [];
    for await (const { index } of animate(model, portrait, speech(2), { nfe: 3 })) {
      if (index % 10 === 9) seen.push(gpu.memory.bytes);
    }
    expect(seen.length).toBe(5);
    // Less at the end: the last window's sampler is gone before its frames are.
    expect(Math.max(...seen.slice(3))).toBeLessThanOrEqual(seen[2]!);
  });

  it('refuses motion of a wrong size', async () => {
    await expect(framesOf(speech(0.3), { motion: new Float32Array(21) })).rejects.toThrow(/motion: expected/);
  });
});
