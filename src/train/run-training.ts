import type { FloatConfig } from '../weights/config.js';
import type { MotionDataset } from './dataset.js';
import { drawBatch } from './draw-batch.js';
import type { FmtSettings } from './fmt-settings.js';
import type { FmtTrainer, StepReport } from './fmt-trainer.js';

/** Training went wrong: a number is not finite, or the loss has grown beyond all measure. */
export class DivergedError extends Error {
  override readonly name = 'DivergedError';
}

export interface TrainingProgress {
  /** The last step that was done. */
  readonly step: number;
  /** The loss of the first step, which later ones are measured by; none before it. */
  readonly firstLoss: number | undefined;
}

export interface TrainingOptions {
  readonly trainer: FmtTrainer;
  readonly dataset: MotionDataset;
  /** With the sizes of the transformer that is trained. */
  readonly config: FloatConfig;
  readonly settings: FmtSettings;
  /** Where training stands: step 0 at first. */
  readonly from: TrainingProgress;
  readonly onStep?: (report: StepReport) => void | Promise<void>;
  /** Whether to pause after this step; it is certain then that all is finite. */
  readonly pausesAfter?: (step: number) => boolean;
  readonly onPause?: (progress: TrainingProgress) => Promise<void>;
  /** Ends training after the step under way, with a pause. */
  readonly stops?: () => boolean;
}

/** A loss so many times the first one will not come back. */
const beyondMeasure = 1000;

/**
 * Trains step by step, each batch drawn while the GPU computes the one before, until all steps are done or `stops`.
 *
 * @returns where training stands.
 * @throws DivergedError naming step and term; the weights are spoilt then, and no pause follows.
 */
export async function runTraining(options: TrainingOptions): Promise<TrainingProgress> {
  const { trainer, dataset, config, settings, onStep, pausesAfter, onPause, stops } = options;
  let progress = options.from;
  let pending: Promise<StepReport> | undefined;
  const finish = async () => {
    if (!pending) return;
    const report = await pending;
    pending = undefined;
    const firstLoss = progress.firstLoss ?? report.loss;
    checkReport(report, firstLoss);
    progress = { step: report.step, firstLoss };
    await onStep?.(report);
  };
  for (let step = options.from.step + 1; step <= settings.steps; step++) {
    const batch = await drawBatch(dataset, config, settings, step);
    const report = trainer.step(batch, step);
    // Whoever waits for it is told; an error before that is no reason to crash.
    report.catch(() => undefined);
    await finish();
    pending = report;
    const ends = step === settings.steps || stops?.() === true;
    if (!ends && !pausesAfter?.(step)) continue;
    await finish();
    await onPause?.(progress);
    if (ends || stops?.() === true) break;
  }
  return progress;
}

function checkReport(report: StepReport, firstLoss: number): void {
  const terms = { main: 'the main term', velocity: 'the velocity term', norm: 'the gradient' } as const;
  for (const name of ['main', 'velocity', 'norm'] as const) {
    const value = report[name];
    if (Number.isFinite(value)) continue;
    throw new DivergedError(`training diverged at step ${report.step}: ${terms[name]} is ${value}`);
  }
  if (report.loss > beyondMeasure * Math.max(firstLoss, 1e-6)) {
    const name = report.main > report.velocity ? 'main' : 'velocity';
    throw new DivergedError(
      `training diverged at step ${report.step}: ${terms[name]} is ${report[name].toPrecision(3)}, ` +
        `and the loss more than ${beyondMeasure} times that of the first step`,
    );
  }
}
