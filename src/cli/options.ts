import { fileURLToPath } from 'node:url';
import { InvalidArgumentError, Option } from 'commander';
import { InputError } from '../base/errors.js';
import { precisions } from '../models/precision.js';

/** The model that ships: 64×64 cartoon heads. */
export const demoWeights = fileURLToPath(new URL('../../weights/demo', import.meta.url));

export const adapterHelp =
  'auto (a GPU, else the processor), gpu, software, llvmpipe, swiftshader, or part of an adapter’s name';

export const precisionOption = () =>
  new Option(
    '--precision <type>',
    'weights and the decoder’s pictures as f16 take half the memory; sums are f32',
  )
    .choices(precisions)
    .default('f32');

export const experimentalOption = () =>
  new Option(
    '--experimental',
    'with --precision f16, matrix products by the graphics card’s matrix units; untested on hardware',
  ).default(false);

/** Option parsers: each throws what commander reports as one line with exit status 2. */
export function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER) {
  return (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most) {
      throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
    }
    return value;
  };
}

function finiteNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('Expected a number.');
  return value;
}

export function atLeastZero(text: string): number {
  const value = finiteNumber(text);
  if (value < 0) throw new InvalidArgumentError('Expected a number of at least 0.');
  return value;
}

/** An option parser made of one that throws InputError. */
export function parsedBy<T>(parse: (text: string) => T) {
  return (text: string): T => {
    try {
      return parse(text);
    } catch (error) {
      throw error instanceof InputError ? new InvalidArgumentError(error.message) : error;
    }
  };
}
