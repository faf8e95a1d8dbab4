import { join } from 'node:path';
import { InputError } from '../../base/errors.js';
import { quote } from '../../weights/json.js';
import { userDataFolder } from '../user-data.js';

/** Where weights of a name are kept, and where they are made until they are whole. */
export interface WeightPlaces {
  readonly name: string;
  /** The weights, ready: `float animate --weights` takes this folder. It exists only while they are whole. */
  readonly folder: string;
  /** Everything else, to be removed when they are ready. */
  readonly making: string;
}

/** Of the weights that `float weights get` fetches unless told otherwise. */
export const PUBLISHED = 'published';

/** What ships with the package goes by this name, and is not kept here. */
export const DEMO = 'demo';

export function isWeightName(text: string): boolean {
  return /^[a-z0-9][a-z0-9._-]{0,63}$/i.test(text);
}

/** Folders of all names lie in it. */
export function weightsFolder(home = userDataFolder()): string {
  return join(home, 'weights');
}

/** Of what is being made. */
export function makingFolder(home = userDataFolder()): string {
  return join(home, 'unfinished');
}

/** @throws InputError if `name` is none. */
export function placesOf(name: string, home = userDataFolder()): WeightPlaces {
  if (!isWeightName(name) || name.toLowerCase() === DEMO) {
    const expected = 'expected a name of letters, digits, ".", "_" and "-", other than "demo"';
    throw new InputError(`${quote(name)}: ${expected}`);
  }
  return { name, folder: join(weightsFolder(home), name), making: join(makingFolder(home), name) };
}
