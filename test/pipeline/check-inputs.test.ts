import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/errors.js';
import {
  checkMotion,
  checkPicture,
  checkPieces,
  checkRate,
  checkSamples,
  checkSound,
} from '../../src/pipeline/check-inputs.js';
import { checkModel, checkOptions, checkParts } from '../../src/pipeline/check-options.js';
import { neededParts } from '../../src/pipeline/parts.js';
import { parseConfig } from '../../src/weights/config.js';
import { syntheticWeights } from '../../src/weights/synthetic.js';

const messageOf = (check: () => unknown): string => {
  try {
    check();
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  throw new Error('expected an InputError');
};
const bytes = (length: number) => Uint8Array.from({ length }, (_, i) => i);
const mono = (...samples: number[]) => ({ sampleRate: 16000, channels: [Float32Array.from(samples)] });

describe('a picture', () => {
  it('is RGB, or RGBA as a canvas gives it, whose alpha is dropped', () => {
    const rgb = { width: 2, height: 1, data: bytes(6) };
    expect(checkPicture('portrait', rgb)).toEqual(rgb);
    const canvas = { width: 2, height: 1, data: Uint8ClampedArray.from(bytes(8)), colorSpace: 'srgb' };
    expect(checkPicture('portrait', canvas)).toEqual({
      width: 2,
      height: 1,
      data: Uint8Array.of(0, 1, 2, 4, 5, 6),
    });
    // A view of larger memory.
    const view = { width: 1, height: 1, data: bytes(9).subarray(2, 5) };
    expect([...checkPicture('portrait', view).data]).toEqual([2, 3, 4]);
  });

  it.each([
    [
      'me.png',
      'portrait: expected a picture {width, height, data}, got a string: read the file with readPicture first',
    ],
    [Promise.resolve(1), 'portrait: expected a picture {width, height, data}, got a promise: await it first'],
    [undefined, 'portrait: expected a picture {width, height, data}, got nothing'],
    [null, 'portrait: expected a picture {width, height, data}, got null'],
    [bytes(3), 'portrait.width: expected a whole number of pixels from 1, got nothing'],
    [
      { width: NaN, height: 1, data: bytes(3) },
      'portrait.width: expected a whole number of pixels from 1, got NaN',
    ],
    [
      { width: 1, height: 0, data: bytes(3) },
      'portrait.height: expected a whole number of pixels from 1, got 0',
    ],
    [
      { width: 1, height: '1', data: bytes(3) },
      'portrait.height: expected a whole number of pixels from 1, got a string',
    ],
    [
      { width: 1, height: 1, data: [1, 2, 3] },
      'portrait.data: expected a Uint8Array of RGB bytes, got Array of 3 elements',
    ],
    [
      { width: 1, height: 1, data: new Float32Array(3) },
      'portrait.data: expected a Uint8Array of RGB bytes, got Float32Array',
    ],
    [{ width: 1, height: 1 }, 'portrait.data: expected a Uint8Array of RGB bytes, got nothing'],
    [
      { width: 2, height: 2, data: bytes(11) },
      'portrait.data: expected 3·width·height = 12 bytes of RGB (or 16 of RGBA), got 11',
    ],
  ])('is not %s', (given, says) => {
    expect(messageOf(() => checkPicture('portrait', given)).startsWith(says)).toBe(true);
  });
});

describe('a sound', () => {
  it('is samples by channel', () => {
    expect(checkSound('speech', mono(0, 1))).toEqual(mono(0, 1));
  });

  it.each([
    [
      'a.wav',
      'speech: expected a sound {sampleRate, channels}, got a string: read the file with readSound first',
    ],
    [
      new Float32Array(2),
      'speech: expected a sound {sampleRate, channels}, got Float32Array of 2 elements: give {sampleRate',
    ],
    [
      [new Float32Array(2)],
      'speech: expected a sound {sampleRate, channels}, got Array of 1 elements: give {sampleRate',
    ],
    [{ channels: [] }, 'speech.sampleRate: expected samples a second, such as 16000, got nothing'],
    [{ ...mono(1), sampleRate: NaN }, 'speech.sampleRate: expected samples a second, such as 16000, got NaN'],
    [{ ...mono(1), sampleRate: -1 }, 'speech.sampleRate: expected samples a second, such as 16000, got -1'],
    [
      { ...mono(1), sampleRate: '16000' },
      'speech.sampleRate: expected samples a second, such as 16000, got a string',
    ],
    [
      { sampleRate: 1, channels: new Float32Array(3) },
      'speech.channels: expected a list of Float32Array, one a channel, got F',
    ],
    [{ sampleRate: 1, channels: [] }, 'speech.channels: expected at least one channel, got none'],
    [mono(), 'speech.channels[0]: expected samples, got none'],
    [
      { sampleRate: 1, channels: [[1, 2]] },
      'speech.channels[0]: expected a Float32Array of samples from −1 to 1, got Array',
    ],
    [
      { sampleRate: 1, channels: [new Float64Array(1)] },
      'speech.channels[0]: expected a Float32Array of samples from −1 to 1, g',
    ],
    [
      { sampleRate: 1, channels: [new Int16Array(1)] },
      'speech.channels[0]: expected a Float32Array of samples from −1 to 1, got Int16Array of 1 elements: divide 16-bit',
    ],
    [
      { sampleRate: 1, channels: [new Float32Array(2), new Float32Array(3)] },
      'speech.channels[1]: expected 2 samples, as in channels[0], got 3',
    ],
    [mono(0, 0, NaN), 'speech.channels[0]: sample 2 is NaN, expected finite numbers'],
    [
      { sampleRate: 1, getChannelData: () => 0 },
      'speech: expected a sound {sampleRate, channels}, got an AudioBuffer: give',
    ],
  ])('is not %s', (given, says) => {
    expect(messageOf(() => checkSound('speech', given))).toContain(says);
  });

  it('may come in pieces, each of them checked', async () => {
    expect(messageOf(() => checkPieces('speech', [new Float32Array(1)]))).toBe(
      'speech: expected an async iterable of Float32Array, got Array of 1 elements',
    );
    async function* pieces(...list: unknown[]) {
      for (const piece of list) yield await Promise.resolve(piece);
    }
    const taken: number[] = [];
    const take = async () => {
      for await (const piece of checkPieces(
        'speech',
        pieces(new Float32Array(1), Float32Array.of(0, Infinity)),
      )) {
        taken.push(piece.length);
      }
    };
    await expect(take()).rejects.toThrow('speech: piece 1: sample 1 is Infinity, expected finite numbers');
    expect(taken).toEqual([1]);
    expect(messageOf(() => checkSamples('speech', 3))).toBe(
      'speech: expected a Float32Array of samples from −1 to 1, got 3',
    );
    expect(messageOf(() => checkRate('sampleRate', 0))).toContain('sampleRate: expected samples a second');
  });
});

it.each([
  [new Float64Array(4), 'motion: expected a Float32Array [frames, 2], got Float64Array of 4 elements'],
  [new Float32Array(0), 'motion: expected [frames, 2], got 0 values'],
  [new Float32Array(3), 'motion: expected [frames, 2], got 3 values'],
  [Float32Array.of(0, 0, 0, NaN), 'motion: value 1 of frame 1 is NaN, expected finite numbers'],
  [Float32Array.of(-Infinity, 0), 'motion: value 0 of frame 0 is -Infinity, expected finite numbers'],
])('motion is not %s', (given, says) => {
  expect(messageOf(() => checkMotion('motion', given, 2))).toBe(says);
});

describe('options', () => {
  it.each([
    [{ nfe: 1 }, 'nfe: expected a whole number from 2 to 10000, got 1'],
    [{ nfe: 2.5 }, 'nfe: expected a whole number from 2 to 10000, got 2.5'],
    [{ seed: -1 }, 'seed: expected a whole number from 0 to 9007199254740991, got -1'],
    [{ seed: NaN }, 'seed: expected a whole number from 0 to 9007199254740991, got NaN'],
    [{ solver: 'magic' }, 'solver: expected one of euler, midpoint, heun, rk4, dopri5, got "magic"'],
    [{ motionScale: NaN }, 'motionScale: expected at least 0, got NaN'],
    [{ motionScale: Infinity }, 'motionScale: expected at least 0, got Infinity'],
    [{ lookAhead: 61 }, 'lookAhead: expected 0 to 60, got 61'],
    [{ audioGuidance: NaN }, 'audioGuidance: expected a finite number, got NaN'],
    [{ emotionGuidance: '2' }, 'emotionGuidance: expected a number or keys {time, scale}, got a string'],
    [{ audioGuidance: [2] }, 'audioGuidance: expected keys {time, scale}, got a list with 2 in it'],
    [{ emotion: ['happy'] }, 'emotion: expected keys {time, emotion}, got a list with a string in it'],
    [{ emotion: 3 }, 'emotion: expected a name or keys {time, emotion}, got 3'],
    [{ emotion: 'joyful' }, 'emotion: expected one of angry, '],
  ])('%o are refused', (options, says) => {
    expect(messageOf(() => checkOptions(options))).toContain(says);
  });

  it('may all be left out', () => {
    expect(() => checkOptions({})).not.toThrow();
    expect(() =>
      checkOptions({ nfe: 10, seed: 0, solver: 'rk4', emotion: 'sad', audioGuidance: 2 }),
    ).not.toThrow();
  });
});

it('a model without its GPU, sizes or weights is told so', () => {
  expect(messageOf(() => checkModel(undefined))).toBe('float.gpu: expected an open GPU, from openGpu');
  const gpu = { device: {}, failure: undefined };
  expect(messageOf(() => checkModel({ gpu }))).toBe('float.model: expected sizes, as openWeights gives them');
  expect(messageOf(() => checkModel({ gpu, model: { config: {} } }))).toContain(
    'float.weights: expected weights',
  );
});

it('needs the emotion encoder only where an emotion is heard, and nothing of speech for given motion', () => {
  expect(neededParts({ motion: new Float32Array(2) })).toEqual(['motion_autoencoder']);
  expect(neededParts({})).toContain('emotion_encoder');
  expect(neededParts({ emotion: 'sad' })).toEqual(['motion_autoencoder', 'audio_encoder', 'fmt']);
  // What comes before the first key is heard.
  expect(neededParts({ emotion: [{ time: 1, emotion: 'sad' }] })).toContain('emotion_encoder');
  const whole = [
    { time: 0, emotion: 'happy', strength: 0.5 },
    { time: 2, emotion: 'sad' },
  ] as const;
  expect(neededParts({ emotion: whole })).not.toContain('emotion_encoder');
});

it('weights that were opened without a part are told so, where the run needs it', () => {
  const json = JSON.parse(
    readFileSync(new URL('../../golden/tiny/weights.json', import.meta.url), 'utf8'),
  ) as unknown;
  const model = parseConfig(json, 'tiny');
  const whole = syntheticWeights(json, 'tiny');
  const heard = (name: string) => name.startsWith('emotion_encoder.');
  const weights = { ...whole, tensors: new Map([...whole.tensors].filter(([name]) => !heard(name))) };
  const check = (options: Parameters<typeof neededParts>[0]) => () =>
    checkParts(model, weights, neededParts(options));
  expect(messageOf(check({}))).toContain('float.weights: the emotion folder is missing: give');
  expect(check({ emotion: 'sad' })).not.toThrow();
});
