import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/errors.js';
import { emotions, oneHot } from '../../src/models/speech/emotions.js';
import type { EmotionSchedule, GuidanceSchedule } from '../../src/pipeline/schedule.js';
import {
  emotionRows,
  emotionSchedule,
  emotionTransition,
  formatEmotionSchedule,
  formatGuidanceSchedule,
  guidanceAt,
  guidanceSchedule,
  hearsEmotion,
  parseEmotionSchedule,
  parseGuidanceSchedule,
} from '../../src/pipeline/schedule.js';

const fps = 25;
const heard = Float32Array.of(0.1, 0.05, 0.05, 0.2, 0.4, 0.15, 0.05);

/** Ascending times in hundredths of a second. */
const times = fc
  .uniqueArray(fc.integer({ min: 0, max: 2000 }), { minLength: 1, maxLength: 5 })
  .map((list) => list.sort((a, b) => a - b).map((hundredths) => hundredths / 100));
const emotionKeys: fc.Arbitrary<EmotionSchedule> = times.chain((list) =>
  fc.tuple(
    ...list.map((time) =>
      fc.record({
        time: fc.constant(time),
        emotion: fc.constantFrom(...emotions, 'heard' as const),
        strength: fc.integer({ min: 0, max: 100 }).map((percent) => percent / 100),
      }),
    ),
  ),
);
const guidanceKeys: fc.Arbitrary<GuidanceSchedule> = times.chain((list) =>
  fc.tuple(
    ...list.map((time) =>
      fc.record({ time: fc.constant(time), scale: fc.integer({ min: -300, max: 500 }).map((n) => n / 100) }),
    ),
  ),
);

const rowAt = (schedule: EmotionSchedule, frame: number) => emotionRows(schedule, heard, frame, 1, fps);

describe('emotionRows', () => {
  it('of one emotion is its one-hot vector, of none the heard one, bit for bit, before the clip too', () => {
    for (const emotion of emotions) {
      const rows = emotionRows(emotionSchedule(emotion), heard, -10, 60, fps);
      for (let f = 0; f < 60; f++) expect(rows.subarray(f * 7, f * 7 + 7)).toEqual(oneHot(emotion));
    }
    const rows = emotionRows(emotionSchedule(undefined), heard, 40, 60, fps);
    for (let f = 0; f < 60; f++) expect(rows.subarray(f * 7, f * 7 + 7)).toEqual(heard);
  });

  it('changes from one emotion to the next by a half cosine around its time', () => {
    const schedule = emotionSchedule(parseEmotionSchedule('happy,sad@2'));
    expect(rowAt(schedule, 43)).toEqual(oneHot('happy'));
    expect(rowAt(schedule, 57)).toEqual(oneHot('sad'));
    for (let frame = 44; frame <= 56; frame++) {
      const row = rowAt(schedule, frame);
      const share = (1 - Math.cos(Math.PI * ((frame / fps - 2) / emotionTransition + 0.5))) / 2;
      expect(row[5]).toBeCloseTo(share, 6);
      expect(row[3]).toBeCloseTo(1 - share, 6);
    }
  });

  it('mixes in neutral where an emotion is weaker', () => {
    const row = rowAt(emotionSchedule(parseEmotionSchedule('happy*0.6')), 0);
    expect(Array.from(row)).toEqual([0, 0, 0, Math.fround(0.6), Math.fround(0.4), 0, 0]);
  });

  it('gives probability vectors without leaps, the key’s own half way between changes', () => {
    fc.assert(
      fc.property(emotionKeys, (keys) => {
        const schedule = emotionSchedule(keys);
        const frames = 22 * fps;
        const rows = emotionRows(schedule, heard, 0, frames, fps);
        const closest = Math.min(...schedule.slice(1).map(({ time }, k) => time - schedule[k]!.time), 1);
        // The steepest slope of the half cosine: π/2 divided by its length.
        const leap = Math.PI / 2 / Math.min(emotionTransition, closest) / fps;
        for (let f = 0; f < frames; f++) {
          const row = rows.subarray(f * 7, f * 7 + 7);
          expect(row.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 5);
          expect(Math.min(...row)).toBeGreaterThanOrEqual(0);
          if (f > 0)
            row.forEach((p, i) => expect(Math.abs(p - rows[f * 7 - 7 + i]!)).toBeLessThan(leap + 1e-6));
        }
        schedule.forEach((key, k) => {
          const end = schedule[k + 1]?.time ?? key.time + 1;
          const middle = (key.time + end) / 2;
          const { emotion, strength = 1 } = key;
          const row = emotionRows(schedule, heard, middle, 1, 1);
          const full = emotion === 'heard' ? heard : oneHot(emotion);
          row.forEach((p, i) =>
            expect(p).toBeCloseTo(strength * full[i]! + (1 - strength) * oneHot('neutral')[i]!, 6),
          );
        });
      }),
      { numRuns: 25, seed: 1 },
    );
  });

  it('is the same whether asked for at once or in windows', () => {
    fc.assert(
      fc.property(emotionKeys, fc.integer({ min: 1, max: 60 }), (keys, L) => {
        const schedule = emotionSchedule(keys);
        const whole = emotionRows(schedule, heard, -10, 130, fps);
        for (let start = -10; start + L <= 120; start += L) {
          const part = emotionRows(schedule, heard, start, L, fps);
          expect(part).toEqual(whole.slice((start + 10) * 7, (start + 10 + L) * 7));
        }
      }),
      { numRuns: 30, seed: 2 },
    );
  });
});

describe('emotionSchedule', () => {
  it('shows the heard emotion before the first key', () => {
    expect(emotionSchedule([{ time: 2, emotion: 'happy' }])).toEqual([
      { time: 0, emotion: 'heard' },
      { time: 2, emotion: 'happy' },
    ]);
    expect(hearsEmotion(emotionSchedule(parseEmotionSchedule('happy@2')))).toBe(true);
    expect(hearsEmotion(emotionSchedule(parseEmotionSchedule('happy@0,sad@2')))).toBe(false);
    expect(hearsEmotion(emotionSchedule(undefined))).toBe(true);
  });

  it.each([
    [[], /at least one/],
    [[{ time: 0, emotion: 'bored' }], /expected one of angry, .*heard, got bored/],
    [[{ time: -1, emotion: 'happy' }], /time.*-1/],
    [[{ time: NaN, emotion: 'happy' }], /time.*NaN/],
    [[{ time: 0, emotion: 'happy', strength: 1.5 }], /strength of happy: expected 0 to 1, got 1.5/],
    [
      [
        { time: 1, emotion: 'happy' },
        { time: 1, emotion: 'sad' },
      ],
      /ascending/,
    ],
  ])('refuses %j', (keys, says) => {
    const schedule = () => emotionSchedule(keys as EmotionSchedule);
    expect(schedule).toThrow(InputError);
    expect(schedule).toThrow(says);
  });
});

describe('guidanceAt', () => {
  it('is a straight line between keys and constant outside', () => {
    const schedule = parseGuidanceSchedule('2@1,1@5');
    expect([0, 1, 2, 3, 5, 9].map((time) => guidanceAt(schedule, time))).toEqual([2, 2, 1.75, 1.5, 1, 1]);
    expect(guidanceAt(guidanceSchedule('audio', 1.3), 7)).toBe(1.3);
  });

  it('takes each key’s value at its time and stays between neighbours', () => {
    fc.assert(
      fc.property(guidanceKeys, fc.double({ min: 0, max: 25, noNaN: true }), (keys, time) => {
        for (const key of keys) expect(guidanceAt(keys, key.time)).toBe(key.scale);
        const value = guidanceAt(keys, time);
        const before = keys.findLast((key) => key.time <= time) ?? keys[0]!;
        const after = keys.find((key) => key.time > time) ?? keys.at(-1)!;
        expect(value).toBeGreaterThanOrEqual(Math.min(before.scale, after.scale) - 1e-9);
        expect(value).toBeLessThanOrEqual(Math.max(before.scale, after.scale) + 1e-9);
      }),
      { numRuns: 200, seed: 3 },
    );
  });

  it('refuses scales that are no numbers', () => {
    expect(() => guidanceSchedule('audio guidance', NaN)).toThrow(/audio guidance: .*NaN/);
    expect(() => guidanceSchedule('audio guidance', [])).toThrow(InputError);
  });
});

describe('the parsers', () => {
  it('read back what is written', () => {
    fc.assert(
      fc.property(emotionKeys, guidanceKeys, (emotion, guidance) => {
        const explicit = parseEmotionSchedule(formatEmotionSchedule(emotion));
        expect(explicit.map((key) => ({ strength: 1, ...key }))).toEqual(emotion);
        expect(parseGuidanceSchedule(formatGuidanceSchedule(guidance))).toEqual(guidance);
      }),
      { numRuns: 100, seed: 4 },
    );
  });

  it.each([
    'happy*2@0',
    'happy@',
    'happy@x',
    'happy@-1',
    'happy@1e3',
    'happy@0@1',
    'happy*1*1',
    'happy*@0',
    'happy@0,sad',
    'happy@3,sad@1',
    'happy@1,sad@1',
    'happy,,sad@1',
    'Happy',
    '',
    ',',
    '@0',
    '*0.5',
  ])('refuse the emotion %j in one line', (text) => {
    expect(() => parseEmotionSchedule(text)).toThrow(InputError);
    expect(() => parseEmotionSchedule(text)).toThrow(/^emotion: .+$/);
  });

  it.each(['', 'x', '2@', '2@x', '2@0,1', '2@4,1@0', '@0', '2@0@1', '2,,1@3', '2@-1', 'Infinity'])(
    'refuse the guidance %j in one line',
    (text) => {
      expect(() => parseGuidanceSchedule(text)).toThrow(InputError);
      expect(() => parseGuidanceSchedule(text)).toThrow(/^guidance: .+$/);
    },
  );
});
