import { InputError } from '../base/errors.js';
import { readInput } from '../node/files.js';
import { openState, stateRecord, type OpenedState, type RunFolder } from '../node/run-folder.js';
import {
  completeSettings,
  firstDifference,
  parseChoices,
  parseSettings,
  type FmtChoices,
  type FmtSettings,
} from '../train/fmt-settings.js';
import type { TrainingProgress } from '../train/run-training.js';
import { parseJsonObject } from '../weights/json.js';
import type { TrainFmtFlags } from './train-flags.js';

/** What a checkpoint and the state beside it say of the run. */
export interface RunRecord extends TrainingProgress {
  readonly settings: FmtSettings;
  /** A hash of the data set's manifest. */
  readonly data: string;
}

/** @throws InputError when the state of that step cannot be read. */
export async function readRun(
  run: RunFolder,
  step: number,
): Promise<{ readonly state: OpenedState; readonly record: RunRecord }> {
  const state = await openState(run, step);
  try {
    const { settings, data, firstLoss } = stateRecord(state);
    const record = {
      step,
      settings: parseSettings(settings, `${state.name}: training: settings`),
      data: String(data),
      firstLoss: typeof firstLoss === 'number' ? firstLoss : undefined,
    };
    return { state, record };
  } catch (error) {
    await state.close();
    throw error;
  }
}

/**
 * What the preset, the file and the options say, the later over the earlier; of a run that goes on what it began with.
 *
 * @throws InputError when they say something else than the run that goes on. More steps are no difference where the
 *   rate does not depend on them.
 */
export async function settingsOf(flags: TrainFmtFlags, running?: FmtSettings): Promise<FmtSettings> {
  const { config, preset, steps, batch, accumulate, rate, ema, seed, objective, preceding } = flags;
  const file = config === undefined ? {} : parseJsonObject(await readInput(config), config);
  const inFile = parseChoices(file, config ?? '--config');
  const given = { preset, steps, batch, accumulate, rate, ema, seed, objective, preceding };
  const named = Object.entries(given).filter(([, value]) => value !== undefined);
  const inOptions: FmtChoices = parseChoices(Object.fromEntries(named), 'options');
  if (!running) return completeSettings(inFile, inOptions);
  const asked = preset ?? inFile.preset;
  const wanted =
    asked === undefined
      ? completeSettings({ ...running }, inFile, inOptions)
      : completeSettings(inFile, inOptions);
  const comparable = running.decay === 'none' ? { ...wanted, steps: running.steps } : wanted;
  const difference = firstDifference(running, comparable);
  if (difference === undefined) return wanted;
  const [before, now] = [running, wanted].map((it) => JSON.stringify(it[difference]));
  throw new InputError(
    `--resume: ${flags.out}: ${difference} is ${before} in the run, and ${now} was asked for`,
  );
}
