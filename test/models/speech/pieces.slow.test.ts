import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { arrivingSpeech, wholeSpeech } from '../../../src/media/speech-source.js';
import type { AudioEncoder, EncodeOptions } from '../../../src/models/speech/audio-encoder.js';
import { createAudioEncoder } from '../../../src/models/speech/audio-encoder.js';
import { createEmotionEncoder } from '../../../src/models/speech/emotion-encoder.js';
import type { FloatModel } from '../../../src/pipeline/motion.js';
import type { Gpu } from '../../../src/runtime/gpu.js';
import { closeGpu } from '../../../src/runtime/gpu.js';
import { expectClose } from '../../compare.js';
import { gaussian, openTestGpu } from '../../fixtures.js';
import { tinyModel } from '../../model.js';

let gpu: Gpu;
let model: FloatModel;
let audio: AudioEncoder;
beforeAll(async () => {
  gpu = await openTestGpu();
  model = await tinyModel(gpu);
  audio = await createAudioEncoder(gpu, model.weights, model.model);
});
afterAll(() => {
  audio.destroy();
  closeGpu(gpu);
});

/** Louder and louder, so that a piece's own statistics would not do. */
const speech = gaussian([41234], 5).data.map((x, i) => (x * i) / 50000 + 0.01);
const d = 20;

async function* arriving(samples: Float32Array, size: number) {
  for (let at = 0; at < samples.length; at += size) {
    yield samples.slice(at, at + size);
    await Promise.resolve();
  }
}

async function piecesOf(source: Parameters<AudioEncoder['pieces']>[0], options: EncodeOptions) {
  const pieces: { wa: Float32Array; last: boolean }[] = [];
  for await (const piece of audio.pieces(source, options)) pieces.push(piece);
  return pieces;
}

describe('convolutions piece by piece', () => {
  it('give the audio features of the whole clip', async () => {
    const whole = await audio.encode(speech);
    expect(whole.length).toBe(65 * d);
    for (const featuresAtOnce of [1000, 17, 1]) {
      expectClose(`${featuresAtOnce} at once`, await audio.encode(speech, { featuresAtOnce }), whole, 2e-6);
    }
  });

  it('give the emotion of the whole clip', async () => {
    const emotion = await createEmotionEncoder(gpu, model.weights, model.model.emotion);
    const whole = await emotion.classify(speech);
    expectClose('emotion', await emotion.classify(speech, { featuresAtOnce: 13 }), whole, 2e-6);
    emotion.destroy();
  });
});

describe('the transformer piece by piece', () => {
  it('is the whole clip when a piece sees all of it', async () => {
    const whole = await audio.encode(speech);
    const cut = { whole: 0, piece: 1, before: 10, after: 10 };
    const pieces = await piecesOf(wholeSpeech(speech), { cut });
    expect(pieces.map(({ wa, last }) => [wa.length / d, last])).toEqual([
      [25, false],
      [25, false],
      [15, true],
    ]);
    expectClose(
      'pieces',
      pieces.flatMap(({ wa }) => [...wa]),
      whole,
      2e-6,
    );
  });

  it('comes close to the whole clip with context, closer with more', async () => {
    const whole = await audio.encode(speech);
    const errors: number[] = [];
    for (const context of [0, 0.4]) {
      const wa = await audio.encode(speech, {
        cut: { whole: 0, piece: 0.4, before: context, after: context },
      });
      errors.push(Math.hypot(...wa.map((value, i) => value - whole[i]!)) / Math.hypot(...whole));
    }
    const [none = 0, some = 0] = errors;
    expect(some).toBeLessThan(none);
    expect(some).toBeGreaterThan(0);
  });

  it('gives an emotion near that of the whole clip', async () => {
    const emotion = await createEmotionEncoder(gpu, model.weights, model.model.emotion);
    const whole = await emotion.classify(speech);
    const pieces = await emotion.classify(speech, { pieceSeconds: 1 });
    expect(pieces.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 6);
    expect(pieces).not.toEqual(whole);
    whole.forEach((p, i) => expect(Math.abs(pieces[i]! - p)).toBeLessThan(0.05));
    emotion.destroy();
  });
});

describe('arriving speech', () => {
  const cut = { whole: 0, piece: 0.4, before: 0.6, after: 0.2 };

  it('gives the same features however it is cut on its way', async () => {
    const first = await piecesOf(arrivingSpeech(arriving(speech, 1000)), { cut });
    const second = await piecesOf(arrivingSpeech(arriving(speech, 7)), { cut });
    expect(second).toEqual(first);
    expect(first.map(({ wa }) => wa.length / d)).toEqual([10, 10, 10, 10, 10, 10, 5]);
    expect(first.at(-1)?.last).toBe(true);
  });

  it('is encoded as the whole clip when it ends before the first piece is full', async () => {
    const cut = { whole: 0, piece: 4, before: 0, after: 0 };
    const [piece] = await piecesOf(arrivingSpeech(arriving(speech, 999)), { cut });
    expect(piece?.wa).toEqual(await audio.encode(speech));
  });

  it('is taken from its source only as far as a piece needs it', async () => {
    let taken = 0;
    const counted = async function* () {
      for await (const part of arriving(speech, 100)) {
        taken += part.length;
        yield part;
      }
    };
    const seen: number[] = [];
    for await (const { last } of audio.pieces(arrivingSpeech(counted()), { cut })) {
      if (!last) seen.push(taken);
    }
    expect(seen.slice(0, 3)).toEqual([0.6, 1, 1.4].map((seconds) => seconds * 16000));
  });

  it('ends on a whole number of pieces', async () => {
    const cut = { whole: 0, piece: 0.4, before: 0.4, after: 0 };
    const pieces = await piecesOf(arrivingSpeech(arriving(speech.slice(0, 12800), 640)), { cut });
    expect(pieces.map(({ wa }) => wa.length / d)).toEqual([10, 10]);
  });

  it('of no samples is refused', async () => {
    await expect(piecesOf(arrivingSpeech(arriving(speech.slice(0, 0), 1)), { cut })).rejects.toThrow(
      'at least one sample',
    );
  });
});
