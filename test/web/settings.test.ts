import fc from 'fast-check';
import { emotions, solverNames } from 'float-webgpu';
import { describe, expect, test } from 'vitest';
import type { Settings } from '../../web/src/settings.js';
import {
  defaultSettings,
  formatEmotion,
  formatSettings,
  limits,
  parseSettings,
  portraitNames,
  speechNames,
} from '../../web/src/settings.js';

const decimal = (most: number) =>
  fc.integer({ min: 0, max: most * 100 }).map((hundredths) => hundredths / 100);
const times = fc
  .uniqueArray(fc.integer({ min: 1, max: 6000 }), { maxLength: 5 })
  .map((list) => [0, ...list.sort((a, b) => a - b)].map((tenths) => tenths / 10));

const emotion = times
  .chain((list) =>
    fc.tuple(
      ...list.map((time) =>
        fc.record({
          time: fc.constant(time),
          emotion: fc.constantFrom(...emotions, 'heard' as const),
          strength: decimal(1),
        }),
      ),
    ),
  )
  .map(formatEmotion);
const guidance = times.chain((list) =>
  fc
    .tuple(...list.map((time) => decimal(8).map((scale) => `${scale}@${time}`)))
    .map((keys) => keys.join(',')),
);
const square = fc.record({
  x: fc.integer({ min: -999, max: 9999 }),
  y: fc.integer({ min: -999, max: 9999 }),
  size: fc.integer({ min: 1, max: 9999 }),
});

const anySettings: fc.Arbitrary<Settings> = fc.record({
  portrait: fc.constantFrom(...portraitNames, null),
  speech: fc.constantFrom(...speechNames, null),
  crop: fc.option(square),
  seed: fc.integer({ min: 0, max: limits.seed }),
  nfe: fc.integer({ min: limits.nfe[0], max: limits.nfe[1] }),
  solver: fc.constantFrom(...solverNames),
  audioGuidance: fc.oneof(decimal(8).map(String), guidance),
  emotionGuidance: fc.oneof(decimal(8).map(String), guidance),
  emotion: fc.oneof(fc.constant(''), emotion),
  motionScale: decimal(limits.motionScale[1]),
  pasteBack: fc.boolean(),
  mark: fc.boolean(),
  size: fc.oneof(fc.constant(0), fc.integer({ min: limits.size[0], max: limits.size[1] })),
});

const keys = ['seed', 'nfe', 'solver', 'audio-guidance', 'emotion', 'crop', 'size', 'motion-scale', 'mark'];
const value = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: fc.constantFrom(...'0123456789.,@*-+e happysd') }),
);
const garbage = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc
    .array(fc.tuple(fc.constantFrom(...keys), value))
    .map((pairs) => pairs.map(([key, text]) => `${key}=${encodeURIComponent(text)}`).join('&')),
);

describe('a link', () => {
  test('gives back the settings it was made from', () => {
    fc.assert(
      fc.property(anySettings, (settings) => {
        expect(parseSettings('#' + formatSettings(settings))).toEqual({ settings, problems: [] });
      }),
    );
  });

  test('stays as it is in the address bar', () => {
    fc.assert(
      fc.property(anySettings, (settings) => {
        const url = new URL('https://example.org/#' + formatSettings(settings));
        expect(parseSettings(url.hash).settings).toEqual(settings);
      }),
    );
  });

  test('holds only what is not the default, in a form one can read', () => {
    expect(formatSettings(defaultSettings)).toBe('');
    expect(formatSettings({ ...defaultSettings, seed: 7, emotion: 'happy*0.6,sad@3.5', mark: true })).toBe(
      'seed=7&emotion=happy*0.6,sad@3.5&mark=1',
    );
  });

  test('of garbage gives settings that can be used, and says what was left out', () => {
    fc.assert(
      fc.property(garbage, (fragment) => {
        const { settings } = parseSettings(fragment);
        expect(parseSettings(formatSettings(settings))).toEqual({ settings, problems: [] });
      }),
    );
    const { settings, problems } = parseSettings(
      '#seed=-1&nfe=5&solver=magic&emotion=hungry&colour=red&%E0%A4%A=1',
    );
    expect(settings).toEqual({ ...defaultSettings, nfe: 5 });
    expect(problems.map(({ key }) => key).slice(0, 4)).toEqual(['seed', 'solver', 'emotion', 'colour']);
    expect(problems).toHaveLength(5);
  });

  test.each([
    'seed=1.5',
    'seed=4294967296',
    'nfe=1',
    'nfe=101',
    'motion-scale=-1',
    'motion-scale=1e0',
    'motion-scale=NaN',
    'audio-guidance=2@1,1@0',
    'emotion=happy*2',
    'crop=1,2',
    'crop=1,2,0',
    'crop=1,2,-3',
    'size=1',
    'paste-back=yes',
    'portrait=portrait7',
    'portrait=',
  ])('leaves out %s', (fragment) => {
    const { settings, problems } = parseSettings(fragment);
    expect(settings).toEqual(defaultSettings);
    expect(problems).toHaveLength(1);
  });
});
