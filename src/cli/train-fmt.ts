import { InputError, OutOfMemoryError } from '../base/errors.js';
import { checkpointPath, openRunFolder, openRunTable, saveRun, type RunFolder } from '../node/run-folder.js';
import { openDataset } from '../node/dataset-files.js';
import { requestNodeAdapter } from '../node/gpu.js';
import { sha256 } from '../node/hash.js';
import { openWeights } from '../node/weights.js';
import { closeGpu, openGpu, type Gpu } from '../runtime/gpu.js';
import type { MotionDataset } from '../train/dataset.js';
import { encodersOf } from '../train/encoders.js';
import { scoreMotion } from '../train/evaluate-motion.js';
import type { FmtSettings } from '../train/fmt-settings.js';
import { createFmtTrainer, type FmtTrainer } from '../train/fmt-trainer.js';
import { initialWeights, overlay } from '../train/initial-weights.js';
import { DivergedError, runTraining, type TrainingProgress } from '../train/run-training.js';
import type { ModelConfig } from '../weights/config.js';
import { parseConfig } from '../weights/config.js';
import { expectedTensors } from '../weights/manifest.js';
import type { WeightSource } from '../weights/source.js';
import { checkpointLayout } from '../weights/stream.js';
import { takesLongToEnd } from './ending.js';
import { createProgress, stepStatus } from './progress.js';
import { readRun, settingsOf, type RunRecord } from './train-settings.js';
import type { TrainFmtFlags } from './train-flags.js';
import { undoAll } from './undo.js';

export async function runTrainFmt(flags: TrainFmtFlags, signal: AbortSignal): Promise<void> {
  takesLongToEnd();
  const progress = createProgress(flags.quiet === true);
  const undo: (() => unknown)[] = [];
  try {
    const dataset = await openDataset(flags.data);
    const run = await openRunFolder(flags.out, flags.resume === true);
    const before = run.last === undefined ? undefined : await readRun(run, run.last);
    if (before) undo.push(() => before.state.close());
    const settings = await settingsOf(flags, before?.record.settings);
    const opened = await openWeights(flags.weights);
    undo.push(() => opened.close());
    const model = modelOf(opened.model, settings);
    checkDataset(dataset, flags, await encodersOf(opened.weights, sha256), opened.model);
    const data = sha256(new TextEncoder().encode(JSON.stringify(dataset.manifest)));
    if (before && before.record.data !== data) {
      throw new InputError(`--resume: ${flags.out} was trained on other data than ${flags.data} now holds`);
    }

    const { adapter, name } = await requestNodeAdapter({ adapter: flags.adapter, log: progress.note });
    const gpu = await openGpu(adapter);
    undo.push(() => closeGpu(gpu));
    const start = flags.fineTune
      ? overlay(opened.weights, expectedTensors(model), new Map())
      : initialWeights(opened.weights, model, settings.seed);
    const trainer = await openTrainer(gpu, start, model, settings);
    undo.push(() => trainer.destroy());
    if (before) await trainer.writeState((tensor) => before.state.read(tensor));
    const from: TrainingProgress = before?.record ?? { step: 0, firstLoss: undefined };
    progress.note(
      `${trainer.parameters} parameters on ${name}; ${dataset.train.length} clips, ${dataset.heldOut.length} held out` +
        (from.step > 0 ? `; going on after step ${from.step}` : ''),
    );

    const table = await openRunTable(run, 'log.csv', logColumns, from.step);
    const scores = await openRunTable(run, 'held-out.csv', scoreColumns, from.step);
    const started = performance.now();
    const seconds = () => (performance.now() - started) / 1000;
    const isLate = () => flags.minutes !== undefined && seconds() > 60 * flags.minutes;
    let recent = 0;
    let saved = from.step;
    const evaluatesAt = (step: number) =>
      flags.evaluateEvery > 0 && (step % flags.evaluateEvery === 0 || step === settings.steps);
    const end = await runTraining({
      trainer,
      dataset,
      config: model.config,
      settings,
      from,
      stops: () => signal.aborted || isLate(),
      pausesAfter: (step) => step % flags.saveEvery === 0 || evaluatesAt(step),
      async onStep(report) {
        recent = report.loss;
        const { step, loss, main, velocity, norm, rate } = report;
        progress.status(
          ...stepStatus(report, { begun: from.step, steps: settings.steps, seconds: seconds() }),
        );
        await table.add(step, seconds().toFixed(2), rate, loss, main, velocity, norm);
      },
      async onPause(now) {
        const values = await trainer.weights();
        const weights = overlay(
          start,
          expectedTensors(model),
          new Map([...values].map(([tensor, data]) => [tensor, () => data.slice()])),
        );
        const ends = now.step === settings.steps || signal.aborted || isLate();
        if (ends || now.step % flags.saveEvery === 0) {
          await save(run, trainer, { weights, model }, { ...now, settings, data }, flags.keep);
          saved = now.step;
        }
        let line = `step ${now.step}: loss ${recent.toFixed(4)}`;
        if (evaluatesAt(now.step) && !signal.aborted) {
          progress.status(`step ${now.step}: sampling held-out clips …`);
          const score = await scoreMotion(gpu, weights, model.config, dataset, {
            clips: flags.evaluateClips,
          });
          if (score) {
            await scores.add(now.step, seconds().toFixed(2), score.what, score.own, score.other, score.clips);
            line += `; held out: ${score.what} r ${score.own.toFixed(3)}, of another utterance ${score.other.toFixed(3)}`;
          }
        }
        progress.note(line);
      },
    }).catch((error: unknown) => {
      if (!(error instanceof DivergedError)) throw error;
      const last = saved > 0 ? checkpointPath(run, saved) : 'none was written yet';
      throw new DivergedError(`${error.message}; last checkpoint: ${last}`, { cause: error });
    });
    progress.end();
    progress.note(`${checkpointPath(run, end.step)}: after step ${end.step} of ${settings.steps}`);
    if (signal.aborted) throw signal.reason;
  } finally {
    progress.end();
    await undoAll(undo);
  }
}

const logColumns = ['step', 'seconds', 'rate', 'loss', 'main', 'velocity', 'norm'];
const scoreColumns = ['step', 'seconds', 'what', 'own', 'other', 'clips'];

/** The sizes to train, checked as any configuration. */
function modelOf(model: ModelConfig, settings: FmtSettings): ModelConfig {
  const { objective, preceding } = settings;
  return parseConfig(
    { ...model, config: { ...model.config, ...settings.model, objective, preceding } },
    'settings',
  );
}

function checkDataset(
  { name, manifest }: MotionDataset,
  { weights }: TrainFmtFlags,
  encoders: string,
  { config, wav2vec2 }: ModelConfig,
): void {
  const { widths, fps } = manifest;
  const expected = {
    fps: [config.fps, fps],
    'widths.features': [wav2vec2.num_hidden_layers * wav2vec2.hidden_size, widths.features],
    'widths.latent': [config.dim_w, widths.latent],
    'widths.emotion': [config.dim_e, widths.emotion],
  };
  for (const [field, [wanted, got]] of Object.entries(expected)) {
    if (wanted !== got)
      throw new InputError(`${name}: ${field}: expected ${wanted} as in ${weights}, got ${got}`);
  }
  if (manifest.encoders !== encoders) {
    throw new InputError(`${name}: it was prepared with other encoders than those of ${weights}`);
  }
}

/** @throws InputError for a batch that the adapter has no room for, saying which it would have. */
async function openTrainer(
  gpu: Gpu,
  start: WeightSource,
  model: ModelConfig,
  settings: FmtSettings,
): Promise<FmtTrainer> {
  try {
    return await createFmtTrainer(gpu, start, model, settings);
  } catch (error) {
    if (!(error instanceof OutOfMemoryError)) throw error;
    const { batch, accumulate } = settings;
    for (let pieces = 2 * accumulate; pieces <= batch; pieces *= 2) {
      if (batch % pieces !== 0) break;
      const smaller = await createFmtTrainer(gpu, start, model, { ...settings, accumulate: pieces }).catch(
        (again: unknown) => {
          if (again instanceof OutOfMemoryError) return undefined;
          throw again;
        },
      );
      if (!smaller) continue;
      smaller.destroy();
      throw new InputError(
        `batch ${batch} does not fit this adapter at once; expected at most ${batch / pieces}, or --accumulate ${pieces}`,
      );
    }
    throw new InputError(`batch ${batch} does not fit this adapter: ${error.message}`);
  }
}

async function save(
  run: RunFolder,
  trainer: FmtTrainer,
  checkpoint: { readonly weights: WeightSource; readonly model: ModelConfig },
  record: RunRecord,
  keep: number,
): Promise<void> {
  const layout = checkpointLayout(checkpoint, 'F32');
  const training = JSON.stringify(record);
  await saveRun(
    run,
    record.step,
    {
      weights: checkpoint.weights,
      layout: { ...layout, metadata: { ...layout.metadata, training } },
    },
    { tensors: await trainer.readState(), metadata: { training } },
    keep,
  );
}
