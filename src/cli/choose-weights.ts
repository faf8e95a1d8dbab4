import { DEMO, isWeightName, PUBLISHED } from '../node/store/places.js';
import { exists, findInstalled } from '../node/store/record.js';
import { demoWeights } from './options.js';

export interface ChosenWeights {
  readonly path: string;
  /** Said of a choice that the user did not make. */
  readonly note?: string;
}

/**
 * The one rule of which weights a run takes: those given, a path, or where there is nothing of that path a name (`demo`,
 * or one of `float weights get`); else the published ones if they were got; else the demo.
 *
 * @throws InputError if the weights of a name are damaged.
 */
export async function chooseWeights(given: string | undefined): Promise<ChosenWeights> {
  if (given === undefined) {
    const published = await findInstalled(PUBLISHED);
    if (published)
      return { path: published.folder, note: 'weights: published (--weights demo takes the demo)' };
    return {
      path: demoWeights,
      note: 'weights: the demo, for drawings (float weights get published: for photographs)',
    };
  }
  return { path: await namedWeights(given) };
}

/** The path of weights given by path or name. */
export async function namedWeights(given: string): Promise<string> {
  if (!isWeightName(given) || (await exists(given))) return given;
  if (given === DEMO) return demoWeights;
  return (await findInstalled(given))?.folder ?? given;
}
