import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { animate, animateStream } from '../../src/pipeline/animate.js';
import type { Picture } from '../../src/media/picture.js';
import { arrivingSpeech } from '../../src/media/speech-source.js';
import type { FloatModel } from '../../src/pipeline/motion.js';
import { speechMotion } from '../../src/pipeline/motion.js';
import type { Gpu } from '../../src/runtime/gpu.js';
import { closeGpu } from '../../src/runtime/gpu.js';
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

const samples = (seconds: number, rate = 16000) => gaussian([seconds * rate], 7).data.map((x) => x / 5);

async function* piecesOf(sound: Float32Array, size: number) {
  for (let at = 0; at < sound.length; at += size) {
    yield await Promise.resolve(sound.slice(at, at + size));
  }
}

/** Speech that arrives as far as it is let. */
function tap(sound: Float32Array, size: number) {
  let opened = 0;
  let wake = () => undefined as void;
  return {
    open(samples: number) {
      opened = samples;
      wake();
    },
    async *pieces() {
      for (let at = 0; at < sound.length; at += size) {
        while (at + size > opened) await new Promise<void>((resolve) => (wake = resolve));
        yield sound.slice(at, at + size);
      }
    },
  };
}

async function framesOf(sound: Float32Array, size: number, sampleRate = 16000) {
  const frames: Uint8Array[] = [];
  const options = { nfe: 3, sampleRate };
  for await (const { index, time, picture } of animateStream(
    model,
    portrait,
    piecesOf(sound, size),
    options,
  )) {
    expect(index).toBe(frames.length);
    expect(time).toBeCloseTo(index / 25, 12);
    frames.push(picture.data);
  }
  return frames;
}

describe('animateStream', () => {
  it('draws ceil(seconds · fps) frames, the same however the speech is cut, at any rate', async () => {
    const sound = samples(1.5);
    const frames = await framesOf(sound, 1234);
    expect(frames.length).toBe(38);
    expect(await framesOf(sound, 20000)).toEqual(frames);
    expect((await framesOf(samples(1, 44100), 5000, 44100)).length).toBe(25);
  });

  it('draws the frames of animate when all speech is within the first look-ahead', async () => {
    const sound = samples(1);
    const options = { nfe: 3, emotion: 'happy' } as const;
    const whole: Uint8Array[] = [];
    for await (const { picture } of animate(
      model,
      portrait,
      { sampleRate: 16000, channels: [sound] },
      options,
    ))
      whole.push(picture.data);
    const streamed: Uint8Array[] = [];
    for await (const { picture } of animateStream(model, portrait, piecesOf(sound, 999), {
      ...options,
      lookAhead: 1,
    }))
      streamed.push(picture.data);
    expect(streamed).toEqual(whole);
  });

  it('draws a window when it and the look-ahead have arrived, whether or not more ever will', async () => {
    const speech = tap(samples(3), 640);
    const video = animateStream(model, portrait, speech.pieces(), { nfe: 3, lookAhead: 0.2 });
    for (let window = 0; window < 7; window++) {
      // The tiny model's windows are 0.4 s long.
      speech.open((window + 1) * 6400 + 3200);
      for (let i = 0; i < 10; i++) expect((await video.next()).value?.index).toBe(10 * window + i);
    }
    speech.open(48000);
    let last = 0;
    for await (const { index } of video) last = index;
    expect(last).toBe(74);
  });

  it('ends at once when its reader leaves or the signal is aborted while speech is waited for', async () => {
    const before = gpu.memory.bytes;
    const left = tap(samples(3), 640);
    const video = animateStream(model, portrait, left.pieces(), { nfe: 3, lookAhead: 0.2 });
    left.open(9600);
    for (let i = 0; i < 10; i++) await video.next();
    await video.return();
    expect(gpu.memory.bytes).toBe(before);

    const abort = new AbortController();
    const silent = animateStream(model, portrait, tap(samples(3), 640).pieces(), { signal: abort.signal });
    setTimeout(() => abort.abort(new Error('enough')), 50);
    await expect(silent.next()).rejects.toThrow('enough');
    expect(gpu.memory.bytes).toBe(before);
  });

  it('needs no more GPU memory once the context is full, and gives it back when its reader leaves', async () => {
    const before = gpu.memory.bytes;
    const seen: number[] = [];
    const rS = new Float32Array(20).fill(0.1);
    const speech = arrivingSpeech(piecesOf(samples(16), 16000));
    for await (const window of speechMotion(model, rS, speech, { nfe: 2, emotion: 'sad' })) {
      expect(window.length).toBe(10 * 20);
      if (seen.push(gpu.memory.bytes) === 36) break;
    }
    expect(new Set(seen.slice(28)).size).toBe(1);
    expect(gpu.memory.bytes).toBe(before);
  });

  it('refuses silence of no samples and passes on what its source throws', async () => {
    const run = async (speech: AsyncIterable<Float32Array>) => {
      for await (const { index } of animateStream(model, portrait, speech, { nfe: 3 }))
        expect(index).toBeGreaterThanOrEqual(0);
    };
    const before = gpu.memory.bytes;
    await expect(run(piecesOf(new Float32Array(), 1))).rejects.toThrow('at least one sample');
    const broken = async function* () {
      yield* piecesOf(samples(3), 8000);
      throw new Error('the line is dead');
    };
    await expect(run(broken())).rejects.toThrow('the line is dead');
    await expect(
      animateStream(model, portrait, piecesOf(samples(1), 800), { lookAhead: -1 }).next(),
    ).rejects.toThrow('lookAhead: expected 0 to 60 seconds, got -1');
    expect(gpu.memory.bytes).toBe(before);
  });
});
