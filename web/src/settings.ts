import { parseEmotionSchedule, parseGuidanceSchedule, solverNames } from 'float-webgpu';
import type { EmotionSchedule } from 'float-webgpu';
import type { RunSettings, Square } from './engine/api.js';

/** What a link carries: the settings of a run, and the examples it was made with, if it was made with examples. */
export interface Settings extends Omit<RunSettings, 'square'> {
  /** One of the examples; null is the first, or a file of the visitor's own. */
  readonly portrait: PortraitName | null;
  readonly speech: SpeechName | null;
  /** The square of an example portrait, if it was moved by hand. */
  readonly crop: Square | null;
}

export const portraitNames = [
  'portrait1',
  'portrait2',
  'portrait3',
  'portrait4',
  'portrait5',
  'portrait6',
] as const;
export type PortraitName = (typeof portraitNames)[number];

export const speechNames = ['neutral', 'happy', 'angry'] as const;
export type SpeechName = (typeof speechNames)[number];

export const defaultSettings: Settings = {
  portrait: null,
  speech: null,
  crop: null,
  seed: 15,
  nfe: 10,
  solver: 'euler',
  audioGuidance: '2',
  emotionGuidance: '1',
  emotion: '',
  motionScale: 1,
  pasteBack: false,
  mark: false,
  size: 0,
};

/** What the page lets one choose; the library takes more. */
export const limits = { seed: 2 ** 32 - 1, nfe: [2, 100], motionScale: [0, 3], size: [64, 2048] } as const;

/** A part of a link that means nothing to us. */
export interface LinkProblem {
  readonly key: string;
  readonly value: string;
}

/** How one setting is written in the fragment; `parse` gives undefined for what it cannot read. */
interface Field<T> {
  readonly key: string;
  readonly parse: (text: string) => T | undefined;
  readonly format: (value: T) => string;
}

/** Keys are the command's options, so that a link can be read. In the order in which links list them. */
const fields: { readonly [Name in keyof Settings]: Field<Settings[Name]> } = {
  portrait: { key: 'portrait', parse: oneOf(portraitNames), format: (name) => name ?? '' },
  speech: { key: 'speech', parse: oneOf(speechNames), format: (name) => name ?? '' },
  crop: {
    key: 'crop',
    parse: parseSquare,
    format: (square) => (square ? `${square.x},${square.y},${square.size}` : ''),
  },
  seed: { key: 'seed', parse: wholeNumber(0, limits.seed), format: String },
  nfe: { key: 'nfe', parse: wholeNumber(...limits.nfe), format: String },
  solver: { key: 'solver', parse: oneOf(solverNames), format: String },
  audioGuidance: { key: 'audio-guidance', parse: parseGuidance, format: String },
  emotionGuidance: { key: 'emotion-guidance', parse: parseGuidance, format: String },
  emotion: { key: 'emotion', parse: parseEmotion, format: String },
  motionScale: { key: 'motion-scale', parse: number(...limits.motionScale), format: String },
  pasteBack: { key: 'paste-back', parse: flag, format: (on) => (on ? '1' : '0') },
  mark: { key: 'mark', parse: flag, format: (on) => (on ? '1' : '0') },
  size: {
    key: 'size',
    parse: (text) => (text === '0' ? 0 : wholeNumber(...limits.size)(text)),
    format: String,
  },
};
const names = Object.keys(fields) as (keyof Settings)[];

/** The fragment of a link, without `#`: `seed=7&emotion=happy,sad@3.5`. Only what differs from the defaults. */
export function formatSettings(settings: Settings): string {
  return names.flatMap((name) => formatField(name, settings)).join('&');
}

/** The settings in a fragment. What cannot be read keeps its default and is reported. */
export function parseSettings(fragment: string): {
  readonly settings: Settings;
  readonly problems: readonly LinkProblem[];
} {
  const given: Partial<Settings> = {};
  const problems: LinkProblem[] = [];
  for (const [key, text] of new URLSearchParams(fragment.replace(/^#/, ''))) {
    const name = names.find((candidate) => fields[candidate].key === key);
    const value = name && fields[name].parse(text);
    if (name === undefined || value === undefined) problems.push({ key, value: text });
    else Object.assign(given, { [name]: value });
  }
  return { settings: { ...defaultSettings, ...given }, problems };
}

/** An emotion over time in the form of the command, `happy*0.6,sad@3.5`; '' if nothing but the heard one is shown. */
export function formatEmotion(schedule: EmotionSchedule): string {
  const keys = schedule.map(({ emotion, time, strength = 1 }, i) => {
    const value = emotion + (strength === 1 ? '' : `*${strength}`);
    return i === 0 && time === 0 ? value : `${value}@${time}`;
  });
  return keys.length === 1 && keys[0] === 'heard' ? '' : keys.join(',');
}

/** The text in its shortest form, or undefined where it is not an emotion over time. */
function parseEmotion(text: string): string | undefined {
  return text === '' ? '' : attempt(() => formatEmotion(parseEmotionSchedule(text)));
}

/** The text, or undefined where it is neither a number nor numbers over time, `2@0,1@4`. */
export function parseGuidance(text: string): string | undefined {
  return attempt(() => {
    parseGuidanceSchedule(text);
    return text.replaceAll(' ', '');
  });
}

function formatField<Name extends keyof Settings>(name: Name, settings: Settings): string[] {
  const { key, format } = fields[name] as Field<Settings[Name]>;
  if (settings[name] === defaultSettings[name]) return [];
  return [`${key}=${encodeURIComponent(format(settings[name])).replace(/%(2C|40)/g, decodeURIComponent)}`];
}

function attempt<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}

function oneOf<const T extends string>(known: readonly T[]) {
  return (text: string): T | undefined => known.find((name) => name === text);
}

function number(least: number, most: number) {
  return (text: string): number | undefined => {
    const value = Number(text);
    return /^\d+(\.\d+)?$/.test(text) && value >= least && value <= most ? value : undefined;
  };
}

function wholeNumber(least: number, most: number) {
  const parse = number(least, most);
  return (text: string): number | undefined => (/^\d+$/.test(text) ? parse(text) : undefined);
}

function flag(text: string): boolean | undefined {
  return text === '1' ? true : text === '0' ? false : undefined;
}

function parseSquare(text: string): Square | undefined {
  const [, x, y, size] = /^(-?\d{1,6}),(-?\d{1,6}),(\d{1,6})$/.exec(text) ?? [];
  if (!x || !y || !size || Number(size) === 0) return undefined;
  return { x: Number(x), y: Number(y), size: Number(size) };
}
