import { parseEmotionSchedule } from 'float-webgpu';
import type { EmotionKey } from 'float-webgpu';
import { formatEmotion } from '../settings.js';

/** The keys of an emotion setting, at least one, the first at 0. */
export function emotionKeys(setting: string): readonly EmotionKey[] {
  const keys = setting === '' ? [] : parseEmotionSchedule(setting);
  return keys[0]?.time === 0 ? keys : [{ time: 0, emotion: 'heard' }, ...keys];
}

/** One more key, half way through what follows the last one, or a second later where nothing follows. */
export function addKey(setting: string, duration: number): string {
  const keys = emotionKeys(setting);
  const last = keys.at(-1)!.time;
  const time = duration > last + 0.2 ? (last + duration) / 2 : last + 1;
  return formatEmotion([...keys, { time: tenths(time), emotion: 'happy' }]);
}

/** Key `index` changed; keys stay in order of time, and a time that is taken is put off by a tenth of a second. */
export function changeKey(setting: string, index: number, change: Partial<EmotionKey>): string {
  const keys = emotionKeys(setting);
  const changed = { ...keys[index]!, ...change };
  const rest = keys.filter((_, i) => i !== index);
  let time = index === 0 ? 0 : Math.max(0.1, tenths(changed.time));
  while (rest.some((key) => key.time === time)) time = tenths(time + 0.1);
  return formatEmotion([...rest, { ...changed, time }].sort((a, b) => a.time - b.time));
}

/** Without key `index`; the first one cannot go. */
export function removeKey(setting: string, index: number): string {
  return formatEmotion(emotionKeys(setting).filter((_, i) => i === 0 || i !== index));
}

function tenths(seconds: number): number {
  return Math.round(seconds * 10) / 10;
}
