import * as v from 'valibot';
import { InputError } from '../base/errors.js';
import { oneLine, show } from '../weights/json.js';

const expecting = <T extends v.GenericSchema>(schema: (message: string) => T, expected: string): T =>
  schema(`expected ${expected}`);
const whole = (least: number, most = 2 ** 31) =>
  expecting(
    (m) => v.pipe(v.number(m), v.integer(m), v.minValue(least, m), v.maxValue(most, m)),
    `a whole number from ${least} to ${most}`,
  );
const share = expecting(
  (m) => v.pipe(v.number(m), v.minValue(0, m), v.maxValue(1, m)),
  'a number from 0 to 1',
);
const below1 = expecting(
  (m) => v.pipe(v.number(m), v.minValue(0, m), v.ltValue(1, m)),
  'a number from 0 to less than 1',
);
const atLeast0 = expecting((m) => v.pipe(v.number(m), v.finite(m), v.minValue(0, m)), 'a number, 0 or more');
const above0 = expecting((m) => v.pipe(v.number(m), v.finite(m), v.gtValue(0, m)), 'a number above 0');
const oneOf = <const T extends readonly string[]>(names: T) =>
  expecting((m) => v.picklist(names, m), `one of ${names.join(', ')}`);

/** Sizes of the transformer, if not those of the checkpoint that training begins with. */
const sizes = v.strictObject({
  dim_h: v.exactOptional(whole(1, 65536)),
  fmt_depth: v.exactOptional(whole(1, 512)),
  num_heads: v.exactOptional(whole(1, 65536)),
  mlp_ratio: v.exactOptional(above0),
  attention_window: v.exactOptional(whole(0, 65536)),
  wav2vec_sec: v.exactOptional(above0),
  num_prev_frames: v.exactOptional(whole(1, 65536)),
});

const entries = {
  /** The same seed gives the same checkpoint, bit for bit, on one adapter. */
  seed: whole(0, Number.MAX_SAFE_INTEGER),
  /** Optimiser steps in all. */
  steps: whole(1),
  /** Samples a step, and in how many pieces of equal size they are computed. */
  batch: whole(1, 65536),
  accumulate: whole(1, 65536),
  /** Adam's rate, reached after so many steps; then it falls as a cosine to `lastRate`, or stays. */
  rate: above0,
  warmup: whole(0),
  decay: oneOf(['none', 'cosine']),
  lastRate: atLeast0,
  beta1: below1,
  beta2: below1,
  eps: above0,
  /** The gradient's greatest length; 0 clips nothing. */
  maxNorm: atLeast0,
  /** The checkpoint holds the mean of all steps' weights, each step's share falling so from step to step; 0: the last. */
  ema: below1,
  objective: oneOf(['flow', 'epsilon', 'sample']),
  preceding: oneOf(['motion', 'velocity']),
  /** λ_vel of Eq. 12. */
  velocityWeight: atLeast0,
  /** How often a condition is left out, so that guidance can be learnt. */
  drop: v.strictObject({
    audio: share,
    source: share,
    emotion: share,
    precedingMotion: share,
    precedingAudio: share,
  }),
  /** How often r_s is the portrait's motion rather than that of any frame of the clip. */
  portrait: share,
  model: sizes,
};

const schema = v.strictObject(entries);

/** All that decides what is learnt: two runs with the same settings, data and adapter are the same. */
export type FmtSettings = v.InferOutput<typeof schema>;

/** As the paper, the released options and docs/training.md have it. */
const published: FmtSettings = {
  seed: 15,
  steps: 2_000_000,
  batch: 8,
  accumulate: 1,
  rate: 1e-5,
  warmup: 0,
  decay: 'none',
  lastRate: 0,
  beta1: 0.9,
  beta2: 0.999,
  eps: 1e-8,
  maxNorm: 1,
  ema: 0,
  objective: 'flow',
  preceding: 'motion',
  velocityWeight: 1,
  drop: { audio: 0.1, source: 0.1, emotion: 0.1, precedingMotion: 0.5, precedingAudio: 0.5 },
  portrait: 0,
  model: {},
};

export const presets: Readonly<Record<'published' | 'demo', FmtSettings>> = {
  published,
  // For thousands of steps rather than millions.
  demo: {
    ...published,
    steps: 4000,
    rate: 1e-3,
    warmup: 100,
    decay: 'cosine',
    lastRate: 2e-5,
    beta2: 0.98,
    ema: 0.996,
    portrait: 0.6,
  },
};

/** Settings that a file or options give, over a preset's. */
export type FmtChoices = v.InferOutput<ReturnType<typeof partly>>;

const partly = () =>
  v.strictObject({
    ...v.partial(schema).entries,
    drop: v.optional(v.partial(entries.drop)),
    preset: v.optional(oneOf(['published', 'demo'])),
  });

/** @throws InputError naming the first field at fault. @param name of the file, or what gives them. */
export function parseChoices(json: unknown, name: string): FmtChoices {
  const result = v.safeParse(partly(), json);
  if (result.success) return result.output;
  throw new InputError(`${name}: ${describe(result.issues[0])}`);
}

function describe(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue);
  if (path === null) return 'expected a JSON object of settings';
  if (issue.type === 'strict_object') return `${oneLine(path)}: there is no such setting`;
  return `${oneLine(path)}: ${issue.message}, got ${show(issue.input)}`;
}

/** @throws InputError where settings contradict each other. */
export function completeSettings(...choices: readonly FmtChoices[]): FmtSettings {
  const preset = choices.findLast((choice) => choice.preset !== undefined)?.preset ?? 'demo';
  const settings = choices.reduce<FmtSettings>(
    (before, choice) => ({
      ...before,
      ...given({ ...choice, preset: undefined, drop: undefined, model: undefined }),
      drop: { ...before.drop, ...given(choice.drop ?? {}) },
      model: { ...before.model, ...given(choice.model ?? {}) },
    }),
    presets[preset],
  );
  const { batch, accumulate } = settings;
  if (batch % accumulate !== 0) {
    throw new InputError(`batch ${batch} cannot be computed in ${accumulate} equal pieces (accumulate)`);
  }
  if (settings.objective !== 'flow' && settings.preceding === 'velocity') {
    throw new InputError(`preceding: expected motion with the objective ${settings.objective}, got velocity`);
  }
  return settings;
}

type Given<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> };

function given<T extends object>(choices: T): Given<T> {
  return Object.fromEntries(Object.entries(choices).filter(([, value]) => value !== undefined)) as Given<T>;
}

/** Adam's rate at step t = 1, 2, …, in float64. */
export function rateAt({ rate, warmup, decay, lastRate, steps }: FmtSettings, t: number): number {
  const rising = warmup > 0 ? Math.min(1, t / warmup) : 1;
  if (decay === 'none') return rising * rate;
  const done = Math.min(1, (t - 1) / Math.max(1, steps - 1));
  return rising * (lastRate + (rate - lastRate) * 0.5 * (1 + Math.cos(Math.PI * done)));
}

/** What the mean of the weights keeps at step t; little at first, when the weights are still far off. */
export function emaAt({ ema }: FmtSettings, t: number): number {
  return Math.min(ema, (1 + t) / (10 + t));
}

/** The first setting in which two runs differ, so that one cannot go on as the other; none: undefined. */
export function firstDifference(a: FmtSettings, b: FmtSettings): keyof FmtSettings | undefined {
  // Objects are of settings that were parsed: their keys have one order.
  const same = (key: keyof FmtSettings) => JSON.stringify(sorted(a[key])) === JSON.stringify(sorted(b[key]));
  return (Object.keys(entries) as (keyof FmtSettings)[]).find((key) => !same(key));
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A complete record of settings, as a file of training state has it. */
export function parseSettings(json: unknown, name: string): FmtSettings {
  const result = v.safeParse(schema, json);
  if (result.success) return result.output;
  throw new InputError(`${name}: ${describe(result.issues[0])}`);
}
