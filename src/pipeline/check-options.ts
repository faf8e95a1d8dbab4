import { InputError } from '../base/errors.js';
import type { Gpu } from '../runtime/gpu.js';
import { check } from '../runtime/gpu.js';
import { solverNames } from '../sampling/solvers.js';
import { kindOf } from './check-inputs.js';
import { findFaults } from '../weights/check.js';
import type { ModelConfig } from '../weights/config.js';
import type { ModelPart } from '../weights/manifest.js';
import { missingInWords } from '../weights/missing.js';
import type { WeightSource } from '../weights/source.js';
import { quote } from '../weights/json.js';
import type { EmotionSchedule, GuidanceSchedule } from './schedule.js';
import { emotionSchedule, guidanceSchedule } from './schedule.js';

/** Those of `AnimateOptions` that can be wrong, of whatever type a caller without types gave. */
export interface GivenOptions {
  readonly nfe?: unknown;
  readonly solver?: unknown;
  readonly seed?: unknown;
  readonly motionScale?: unknown;
  readonly lookAhead?: unknown;
  readonly audioGuidance?: unknown;
  readonly emotionGuidance?: unknown;
  readonly emotion?: unknown;
}

/**
 * Checks the options of a run before any work, so that a wrong one costs nothing.
 * @throws InputError naming the option.
 */
export function checkOptions(options: GivenOptions): void {
  const { nfe, solver, seed, motionScale, lookAhead, audioGuidance, emotionGuidance, emotion } = options;
  wholeNumber('nfe', nfe, 2, 10_000);
  if (solver !== undefined && !solverNames.some((name) => name === solver)) {
    throw new InputError(
      `solver: expected one of ${solverNames.join(', ')}, got ${typeof solver === 'string' ? quote(solver) : kindOf(solver)}`,
    );
  }
  if (typeof seed !== 'bigint') wholeNumber('seed', seed, 0, Number.MAX_SAFE_INTEGER);
  inRange('motionScale', motionScale, 0, Number.MAX_VALUE);
  inRange('lookAhead', lookAhead, 0, 60);
  for (const [name, scale] of [
    ['audioGuidance', audioGuidance],
    ['emotionGuidance', emotionGuidance],
  ] as const) {
    if (scale === undefined) continue;
    if (typeof scale !== 'number' && !Array.isArray(scale)) {
      throw new InputError(`${name}: expected a number or keys {time, scale}, got ${kindOf(scale)}`);
    }
    checkKeys(name, 'scale', scale);
    guidanceSchedule(name, scale as number | GuidanceSchedule);
  }
  if (emotion !== undefined && typeof emotion !== 'string' && !Array.isArray(emotion)) {
    throw new InputError(`emotion: expected a name or keys {time, emotion}, got ${kindOf(emotion)}`);
  }
  checkKeys('emotion', 'emotion', emotion);
  emotionSchedule(emotion as EmotionSchedule | undefined);
}

function checkKeys(name: string, field: string, keys: unknown): void {
  if (!Array.isArray(keys)) return;
  const wrong: unknown = keys.find((key) => typeof key !== 'object' || key === null);
  if (wrong === undefined) return;
  throw new InputError(`${name}: expected keys {time, ${field}}, got a list with ${kindOf(wrong)} in it`);
}

/**
 * @throws InputError unless it is a GPU with a model's sizes and weights; the GPU's failure if it has failed or was
 * closed.
 */
export function checkModel(float: unknown): void {
  type Fields = { gpu?: Gpu; model?: { config?: unknown }; weights?: { tensors?: unknown } };
  const fields: Fields = typeof float === 'object' && float !== null ? float : {};
  if (!fields.gpu?.device) throw new InputError('float.gpu: expected an open GPU, from openGpu');
  check(fields.gpu);
  if (!fields.model?.config) throw new InputError('float.model: expected sizes, as openWeights gives them');
  if (!fields.weights?.tensors) throw new InputError('float.weights: expected weights, from openWeights');
}

/**
 * Throws InputError unless the weights have these parts whole: they may have been opened without.
 * @throws InputError saying in words what is missing.
 */
export function checkParts(model: ModelConfig, weights: WeightSource, parts: readonly ModelPart[]): void {
  const { missing } = findFaults(weights, model, parts);
  if (missing.length === 0) return;
  const { words, rest } = missingInWords(missing, weights, model, {
    emotion_encoder: 'give an emotion from the start on: then none is heard',
  });
  if (rest.length > 0) words.push(`${rest.length} tensors are missing: ${quote(rest[0]!)}, …`);
  throw new InputError(`float.weights: ${words.join('; ')}`);
}

function wholeNumber(name: string, value: unknown, least: number, most: number): void {
  if (value === undefined) return;
  if (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most) return;
  throw new InputError(`${name}: expected a whole number from ${least} to ${most}, got ${kindOf(value)}`);
}

function inRange(name: string, value: unknown, least: number, most: number): void {
  if (value === undefined) return;
  if (typeof value === 'number' && value >= least && value <= most) return;
  const range = most === Number.MAX_VALUE ? `at least ${least}` : `${least} to ${most}`;
  throw new InputError(`${name}: expected ${range}, got ${kindOf(value)}`);
}
