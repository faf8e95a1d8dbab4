import type { Picture, Sound } from 'float-webgpu';
import { readPicture, readSound } from 'float-webgpu/browser';
import type { Inside } from '../inside/inside-engine.js';
import { createInside } from '../inside/inside-engine.js';
import type { InsideApi } from '../inside/inside-api.js';
import type { EngineApi } from './api.js';
import { createFaceFinder } from './face-finder.js';
import { Failure, toFailure } from './failures.js';
import { createGpuSession } from './gpu-session.js';
import { deleteModel, listModels } from './model-store.js';
import type { OpenModel } from './models.js';
import { importFiles, openDemo, openSaved } from './models.js';
import { previewOf } from './preview.js';
import type { CompleteRun } from './run.js';
import { exportFrames, exportMotion, lastRunOf, runAnimation } from './run.js';
import { summarise } from './speech.js';
import { createTurns } from './turns.js';

/**
 * Everything behind the page: one GPU, one model, one portrait, one recording, and the last complete run.
 *
 * @param base the page's address, which the demo and the face detector lie beside.
 */
export function createEngine(base: string): EngineApi {
  const session = createGpuSession();
  const loading = createTurns();
  const running = createTurns();
  const findFaces = createFaceFinder(base);
  let model: OpenModel | undefined;
  let portrait: Picture | undefined;
  let speech: Sound | undefined;
  let last: CompleteRun | undefined;
  let inside: (Inside & { readonly gpu: unknown }) | undefined;

  /** Work whose errors are told as failures. */
  async function told<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof Failure) throw error;
      throw toFailure(error, await session.lost());
    }
  }

  const load = (open: (signal: AbortSignal) => Promise<OpenModel>) =>
    told(async () => {
      model = await loading.next(open);
      return model.summary;
    });

  /** Looking inside needs memory that a run may want. */
  async function closeInside(): Promise<void> {
    const closing = inside;
    inside = undefined;
    await closing?.destroy();
  }

  async function openInside(): Promise<InsideApi> {
    const run = needed(last, 'there is no finished run to look into yet');
    const gpu = await session.open();
    if (inside?.gpu !== gpu) await closeInside();
    return (inside ??= { ...createInside(lastRunOf(gpu, run)), gpu });
  }

  const look = <T>(question: (inside: InsideApi) => Promise<T>) =>
    told(async () => question(await openInside()));

  return {
    openGpu: () => told(() => session.describe()),

    loadDemo: (onProgress) => load((signal) => openDemo(base, onProgress, signal)),
    importModel: (files, onProgress) => load((signal) => importFiles(files, onProgress, signal)),
    savedModels: () => told(listModels),
    loadSaved: (id) => load(() => openSaved(id)),
    deleteSaved: (id) =>
      told(async () => {
        await deleteModel(id);
        if (model?.saved === id) model = undefined;
      }),

    setPortrait: (file, name, alpha = 'blend') =>
      told(async () => {
        const notes: string[] = [];
        portrait = await readPicture(file, name, { alpha, note: (line) => notes.push(line) });
        const { width, height } = portrait;
        return { width, height, notes, preview: await previewOf(portrait) };
      }),
    findFaces: () =>
      told(async () => findFaces(await session.open(), needed(portrait, 'choose a portrait first'))),
    setSpeech: (file, name) =>
      told(async () => {
        speech = await readSound(file, name);
        return summarise(speech);
      }),

    generate: (settings, listener) =>
      told(() =>
        running.next(async (signal) => {
          const inputs = {
            model: needed(model, 'choose a model first'),
            portrait: needed(portrait, 'choose a portrait first'),
            speech: needed(speech, 'choose a recording first'),
            settings,
          };
          await closeInside();
          last = await runAnimation(await session.open(), inputs, listener, signal);
          await closeInside();
          return last.summary;
        }),
      ),
    cancel() {
      loading.cancel();
      running.cancel();
      return Promise.resolve();
    },

    exportVideo: () => told(() => Promise.resolve(needed(last, noRun).video)),
    exportFrames: (onProgress) =>
      told(() =>
        running.next(async (signal) =>
          exportFrames(await session.open(), needed(last, noRun), onProgress, signal),
        ),
      ),
    exportMotion: () => told(() => Promise.resolve(exportMotion(needed(last, noRun)))),

    inside: {
      coefficients: () => look((run) => run.coefficients()),
      frame: (index) => look((run) => run.frame(index)),
      draw: (lambda) => look((run) => run.draw(lambda)),
      window: (index) => look((run) => run.window(index)),
      kernels: () => look((run) => run.kernels()),
    },
  };
}

const noRun = 'there is no finished run to export yet';

/** @throws Failure telling the user what to do first. */
function needed<T>(value: T | undefined, otherwise: string): T {
  if (value === undefined) throw new Failure('Input', otherwise);
  return value;
}
