import * as v from 'valibot';
import { InputError } from '../base/errors.js';
import { oneLine, show } from './json.js';

/** A schema whose only message says what is expected: "a boolean". */
function expecting<T extends v.GenericSchema>(schema: (message: string) => T, expected: string): T {
  return schema(`expected ${expected}`);
}

/** An integer in a range. The upper bounds only keep a broken file from asking for the impossible. */
function integer(min: number, max: number) {
  const schema = (m: string) => v.pipe(v.number(m), v.integer(m), v.minValue(min, m), v.maxValue(max, m));
  return expecting(schema, `an integer from ${min} to ${max}`);
}

function positive(max: number) {
  const schema = (m: string) => v.pipe(v.number(m), v.gtValue(0, m), v.maxValue(max, m));
  return expecting(schema, `a number above 0, at most ${max}`);
}

const width = integer(1, 65536);
const depth = integer(1, 512);
const flag = expecting((m) => v.boolean(m), 'true or false');
const widths = expecting((m) => v.pipe(v.array(width, m), v.nonEmpty(m), v.maxLength(64, m)), '1 to 64 integers');

const blurKernel = expecting(
  (m) => v.strictTuple([v.literal(1, m), v.literal(3, m), v.literal(3, m), v.literal(1, m)], m),
  '[1, 3, 3, 1]',
);

const directionNames = expecting(
  (m) => v.pipe(v.array(v.pipe(v.string(m), v.nonEmpty(m), v.maxLength(64, m)), m), v.maxLength(65536, m)),
  'a list of names',
);

/** The motion auto-encoder and the flow-matching transformer (Sec. 1–3 and 6 of docs/model.md). */
const floatConfig = v.object({
  /** S, the side of the square picture. */
  input_size: integer(8, 65536),
  /** d, three times over: the width of the identity latent, the motion latent and the audio features. */
  style_dim: width,
  dim_w: width,
  dim_a: width,
  /** h, the width of the transformer. */
  dim_h: width,
  /** The number of motion directions. */
  dim_m: width,
  fmt_depth: depth,
  num_heads: width,
  /** Seconds of speech in a window. */
  wav2vec_sec: positive(3600),
  /** P, the frames of the window before that each window sees. */
  num_prev_frames: integer(1, 65536),
  /** Channels of the auto-encoder by resolution: "4", "8", … S. */
  channels: expecting((m) => v.record(v.string(), width, m), 'an object of channels by resolution'),
  /** Frame i attends to frames i − attention_window … i + attention_window. */
  attention_window: integer(0, 65536),
  mlp_ratio: positive(64),
  /** Frames a second. */
  fps: integer(1, 1000),
  /** Samples a second. */
  sampling_rate: integer(1000, 768000),
  /** The number of emotions. */
  dim_e: width,
  blur_kernel: blurKernel,
  /** What the first motion directions mean, where that is known: "yaw", "jaw", … */
  directions: v.exactOptional(directionNames),
  /** What the transformer predicts: a velocity if not given; of a diffusion the noise, or the motion (App. B.3). */
  objective: v.exactOptional(expecting((m) => v.picklist(['flow', 'epsilon', 'sample'], m), 'flow, epsilon or sample')),
  /** What it is given of the preceding frames: their motion if not given, or their velocity (Sec. 4.2). */
  preceding: v.exactOptional(expecting((m) => v.picklist(['motion', 'velocity'], m), 'motion or velocity')),
});

/** A wav2vec2 encoder (Sec. 4 of docs/model.md); names as in its own `config.json`. */
const wav2vec2Config = v.object({
  /** `group`: GroupNorm after the first convolution only; `layer`: LayerNorm after each. */
  feat_extract_norm: expecting((m) => v.picklist(['group', 'layer'], m), '"group" or "layer"'),
  conv_bias: flag,
  conv_dim: widths,
  conv_kernel: widths,
  conv_stride: widths,
  hidden_size: width,
  num_hidden_layers: depth,
  num_attention_heads: width,
  intermediate_size: width,
  num_conv_pos_embeddings: width,
  num_conv_pos_embedding_groups: width,
  /** Whether the layers normalise their input (true) or their output. */
  do_stable_layer_norm: flag,
});

/** The speech emotion classifier (Sec. 5 of docs/model.md). */
const emotionConfig = v.object({ ...wav2vec2Config.entries, num_labels: width });

const modelConfig = v.object({ config: floatConfig, wav2vec2: wav2vec2Config, emotion: emotionConfig });

export type FloatConfig = v.InferOutput<typeof floatConfig>;
export type Wav2Vec2Config = v.InferOutput<typeof wav2vec2Config>;
export type EmotionConfig = v.InferOutput<typeof emotionConfig>;

/** Every size that the weights' shapes and the computation depend on. Other keys of the file are dropped. */
export type ModelConfig = v.InferOutput<typeof modelConfig>;

/**
 * Checks a configuration `{config, wav2vec2, emotion}`.
 * @param fileName names it in messages.
 * @throws InputError naming the file, the first field at fault and what was expected there; "impossible configuration"
 * where fields contradict each other.
 */
export function parseConfig(json: unknown, fileName: string): ModelConfig {
  const result = v.safeParse(modelConfig, json);
  if (!result.success) throw new InputError(`${fileName}: ${describeIssue(result.issues[0])}`);
  const contradiction = findContradiction(result.output);
  if (contradiction) throw new InputError(`${fileName}: impossible configuration: ${contradiction}`);
  return result.output;
}

function describeIssue(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue);
  if (path === null) return 'expected a JSON object with "config", "wav2vec2" and "emotion"';
  if (issue.input === undefined) return `${oneLine(path)} is missing${expectation(path)}`;
  const expected = issue.type === 'object' ? 'expected an object' : issue.message;
  return `${oneLine(path)}: ${expected}, got ${show(issue.input)}`;
}

/** What a missing field should have held: the message of its schema. */
function expectation(path: string): string {
  let schema: unknown = modelConfig;
  for (const key of path.split('.')) {
    const entries = (schema as { entries?: Record<string, unknown> }).entries;
    schema = entries && Object.hasOwn(entries, key) ? entries[key] : {};
  }
  const { message } = schema as { message?: string };
  return typeof message === 'string' ? ` (${message})` : '';
}

function findContradiction({ config, wav2vec2, emotion }: ModelConfig): string | undefined {
  const { input_size: size, style_dim: d } = config;
  if (!Number.isInteger(Math.log2(size))) return `config.input_size ${size} is not a power of two`;
  for (const resolution of resolutions(config)) {
    if (config.channels[resolution] === undefined) return `config.channels has no entry "${resolution}"`;
  }
  if (config.dim_w !== d || config.dim_a !== d) {
    return `config.style_dim ${d}, dim_w ${config.dim_w} and dim_a ${config.dim_a} differ`;
  }
  if (config.dim_m > d) return `config.dim_m ${config.dim_m} is more than style_dim ${d}`;
  const named = config.directions?.length ?? 0;
  if (named > config.dim_m) return `config.directions has ${named} names for dim_m ${config.dim_m}`;
  if (config.dim_h % config.num_heads !== 0) {
    return `config.dim_h ${config.dim_h} is not divisible by num_heads ${config.num_heads}`;
  }
  const frames = windowFrames(config);
  if (frames < 1) return `config.wav2vec_sec ${config.wav2vec_sec} is less than a frame at ${config.fps} fps`;
  if (config.num_prev_frames > frames) {
    return `config.num_prev_frames ${config.num_prev_frames} is more than the ${frames} frames of a window`;
  }
  if (mlpWidth(config) < 1) return `config.mlp_ratio ${config.mlp_ratio} leaves the MLP no width`;
  if (config.dim_e !== emotion.num_labels) {
    return `config.dim_e ${config.dim_e} and emotion.num_labels ${emotion.num_labels} differ`;
  }
  return encoderContradiction('wav2vec2', wav2vec2) ?? encoderContradiction('emotion', emotion);
}

function encoderContradiction(name: string, encoder: Wav2Vec2Config): string | undefined {
  const { conv_dim, conv_kernel, conv_stride, hidden_size: hidden } = encoder;
  const lengths = [conv_dim.length, conv_kernel.length, conv_stride.length];
  if (new Set(lengths).size > 1) {
    return `${name}.conv_dim, conv_kernel and conv_stride have ${lengths.join(', ')} entries`;
  }
  if (hidden % encoder.num_attention_heads !== 0) {
    return `${name}.hidden_size ${hidden} is not divisible by num_attention_heads ${encoder.num_attention_heads}`;
  }
  if (hidden % encoder.num_conv_pos_embedding_groups !== 0) {
    const groups = encoder.num_conv_pos_embedding_groups;
    return `${name}.hidden_size ${hidden} is not divisible by num_conv_pos_embedding_groups ${groups}`;
  }
  return undefined;
}

/** The resolutions of the auto-encoder: 4, 8, … S. */
export function resolutions(config: FloatConfig): number[] {
  const list: number[] = [];
  for (let resolution = 4; resolution <= config.input_size; resolution *= 2) list.push(resolution);
  return list;
}

/** Channels at a resolution that the configuration has. */
export function channelsAt(config: FloatConfig, resolution: number): number {
  const channels = config.channels[resolution];
  if (channels === undefined) throw new Error(`no channels at resolution ${resolution}`);
  return channels;
}

/** L, the frames of a window: wav2vec_sec · fps, truncated after rounding to float64 (as in the published model). */
export function windowFrames(config: FloatConfig): number {
  return Math.trunc(config.wav2vec_sec * config.fps);
}

/** The inner width of the transformer's MLP: dim_h · mlp_ratio, truncated. */
export function mlpWidth(config: FloatConfig): number {
  return Math.trunc(config.dim_h * config.mlp_ratio);
}
