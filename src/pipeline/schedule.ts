import { InputError } from '../base/errors.js';
import type { Emotion } from '../models/speech/emotions.js';
import { emotions, oneHot } from '../models/speech/emotions.js';

/** From `time` on (seconds of the clip) this emotion is shown; `heard` is the one in the speech. */
export interface EmotionKey {
  readonly time: number;
  readonly emotion: Emotion | 'heard';
  /** 0 … 1, the rest being neutral; default 1. */
  readonly strength?: number;
}

/** At `time` (seconds of the clip) guidance has this scale; between two keys it goes in a straight line. */
export interface GuidanceKey {
  readonly time: number;
  readonly scale: number;
}

/** Keys in order of time. */
export type EmotionSchedule = readonly EmotionKey[];
export type GuidanceSchedule = readonly GuidanceKey[];

const shown = [...emotions, 'heard'] as const;

/** Seconds that a change of emotion takes, half of them before its time and half after. */
export const emotionTransition = 0.5;

/**
 * One emotion, or a list of keys, as a schedule that begins at 0: what comes before the first key is `heard`.
 *
 * @throws InputError for an unknown emotion, times out of order or strengths outside 0 … 1.
 */
export function emotionSchedule(given: Emotion | EmotionSchedule | undefined): EmotionSchedule {
  if (given === undefined) return [{ time: 0, emotion: 'heard' }];
  const keys = typeof given === 'string' ? [{ time: 0, emotion: given }] : given;
  checkTimes('emotion', keys);
  for (const { emotion, strength = 1 } of keys) {
    if (!shown.includes(emotion)) throw unknownEmotion(String(emotion));
    if (!(strength >= 0 && strength <= 1)) {
      throw new InputError(
        `emotion: strength of ${emotion}: expected 0 to 1, got ${strength} (more: emotion guidance)`,
      );
    }
  }
  return keys[0]!.time > 0 ? [{ time: 0, emotion: 'heard' }, ...keys] : keys;
}

/** Whether the emotion in the speech has to be found at all. */
export function hearsEmotion(schedule: EmotionSchedule): boolean {
  return schedule.some(({ emotion }) => emotion === 'heard');
}

/**
 * The emotion condition of each of `frames` frames from frame `first` on, `[frames, 7]`, frame f at f / fps seconds
 * (the frames before the clip, of negative index, are like its first, since no change begins before it). A key's emotion e with strength s is
 *
 *     s·e + (1 − s)·neutral
 *
 * and one key gives way to the next within `emotionTransition` seconds around the next one's time, or less where keys
 * lie closer, by (1 − cos πu) / 2, u = 0 … 1. Every row is thus a mixture of probability vectors; away from changes it
 * is the key's own, exactly.
 *
 * @param schedule as `emotionSchedule` returns it.
 * @param heard the emotion in the speech `[7]`.
 */
export function emotionRows(
  schedule: EmotionSchedule,
  heard: Float32Array,
  first: number,
  frames: number,
  fps: number,
): Float32Array<ArrayBuffer> {
  const targets = schedule.map((key) => target(key, heard));
  const halves = schedule.map((_, k) => halfTransition(schedule, k));
  const rows = new Float32Array(frames * emotions.length);
  for (let frame = 0; frame < frames; frame++) {
    const time = (first + frame) / fps;
    let row = targets[0]!;
    for (let k = 1; k < schedule.length; k++) {
      row = mix(row, targets[k]!, ease((time - schedule[k]!.time) / (2 * halves[k]!) + 0.5));
    }
    rows.set(row, frame * emotions.length);
  }
  return rows;
}

/**
 * A number, or a list of keys, as a schedule. @throws InputError for scales that are not finite or times out of order.
 */
export function guidanceSchedule(name: string, given: number | GuidanceSchedule): GuidanceSchedule {
  const keys = typeof given === 'number' ? [{ time: 0, scale: given }] : given;
  checkTimes(name, keys);
  const wrong = keys.find(({ scale }) => !Number.isFinite(scale));
  if (wrong) throw new InputError(`${name}: expected a finite number, got ${wrong.scale}`);
  return keys;
}

/** The scale at a time: that of the first key before it, of the last after it, interpolated linearly between. */
export function guidanceAt(schedule: GuidanceSchedule, time: number): number {
  const next = schedule.findIndex((key) => key.time > time);
  if (next < 0) return schedule.at(-1)!.scale;
  const after = schedule[next]!;
  const before = schedule[next - 1];
  if (!before) return after.scale;
  const u = (time - before.time) / (after.time - before.time);
  return before.scale + u * (after.scale - before.scale);
}

/** Parses `happy`, `happy@0,sad@3.5` or, with strengths, `happy*0.6@0,heard@2`; the first time may be left out. */
export function parseEmotionSchedule(text: string): EmotionSchedule {
  const keys = items(text, 'emotion').map(({ value, time }) => {
    const [name = '', strength, ...more] = value.split('*');
    if (more.length > 0) throw new InputError(`emotion: expected NAME*STRENGTH@SECONDS, got ${value}`);
    const emotion = shown.find((known) => known === name);
    if (!emotion) throw unknownEmotion(name);
    return {
      time,
      emotion,
      ...(strength !== undefined && { strength: decimal(strength, 'emotion: strength') }),
    };
  });
  emotionSchedule(keys);
  return keys;
}

/** Parses `2` or `2@0,1@4`; the first time may be left out. */
export function parseGuidanceSchedule(text: string): GuidanceSchedule {
  const keys = items(text, 'guidance').map(({ value, time }) => ({
    time,
    scale: decimal(value, 'guidance'),
  }));
  return guidanceSchedule('guidance', keys);
}

/** The inverse of the parsers, for metadata. */
export function formatEmotionSchedule(schedule: EmotionSchedule): string {
  return formatKeys(
    schedule,
    ({ emotion, strength = 1 }) => emotion + (strength === 1 ? '' : `*${strength}`),
  );
}
export function formatGuidanceSchedule(given: number | GuidanceSchedule): string {
  return formatKeys(guidanceSchedule('guidance', given), ({ scale }) => String(scale));
}

function formatKeys<Key extends { readonly time: number }>(
  keys: readonly Key[],
  format: (key: Key) => string,
): string {
  return keys.map((key, i) => format(key) + (i === 0 && key.time === 0 ? '' : `@${key.time}`)).join(',');
}

function target({ emotion, strength = 1 }: EmotionKey, heard: Float32Array): Float32Array {
  return mix(oneHot('neutral'), emotion === 'heard' ? heard : oneHot(emotion), strength);
}

function mix(a: Float32Array, b: Float32Array, share: number): Float32Array {
  if (share === 0) return a;
  if (share === 1) return b;
  return a.map((value, i) => (1 - share) * value + share * b[i]!);
}

function ease(u: number): number {
  if (u <= 0) return 0;
  return u >= 1 ? 1 : (1 - Math.cos(Math.PI * u)) / 2;
}

/** Transitions end half way to their neighbours, so that no two overlap. */
function halfTransition(schedule: EmotionSchedule, k: number): number {
  const gap = (i: number) => (schedule[i + 1]?.time ?? Infinity) - (schedule[i]?.time ?? -Infinity);
  return Math.min(emotionTransition / 2, gap(k - 1) / 2, gap(k) / 2);
}

function checkTimes(name: string, keys: readonly { readonly time: number }[]): void {
  if (keys.length === 0) throw new InputError(`${name}: expected at least one key`);
  keys.forEach(({ time }, i) => {
    if (!(time >= 0 && Number.isFinite(time))) {
      throw new InputError(`${name}: time: expected seconds from the start, got ${time}`);
    }
    const before = keys[i - 1];
    if (before && time <= before.time) {
      throw new InputError(`${name}: expected times in ascending order, got ${time} after ${before.time}`);
    }
  });
}

/** `VALUE@SECONDS,…`; the first `@SECONDS` may be left out and is 0. */
function items(text: string, name: string): { value: string; time: number }[] {
  return text.split(',').map((item, i) => {
    const [value = '', time, ...more] = item.trim().split('@');
    if (more.length > 0 || (time === undefined && i > 0)) {
      throw new InputError(`${name}: expected VALUE@SECONDS, got "${item}"`);
    }
    return { value, time: time === undefined ? 0 : decimal(time, `${name}: time`) };
  });
}

function decimal(text: string, name: string): number {
  if (!/^-?(\d+\.?\d*|\.\d+)$/.test(text)) throw new InputError(`${name}: expected a number, got "${text}"`);
  return Number(text);
}

function unknownEmotion(name: string): InputError {
  return new InputError(`emotion: expected one of ${shown.join(', ')}, got ${name}`);
}
