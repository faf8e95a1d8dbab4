import type { Remote } from 'comlink';
import { proxy, wrap } from 'comlink';
import type { EngineApi, OnProgress, RunListener } from './api.js';
import type { WorkerApi } from './worker.js';

interface Connection {
  readonly worker: Remote<WorkerApi>;
  /** Once the worker has its inputs back, if it is not the first. */
  readonly ready: Promise<unknown>;
  /** Rejects when the worker dies, which would leave calls without an answer. */
  readonly died: Promise<never>;
}

let connection: Connection | undefined;

/** The last calls that gave the worker its inputs, for the next worker. */
const inputs = new Map<string, (worker: Remote<WorkerApi>) => Promise<unknown>>();

function connect(): Connection {
  // The name tells the worker the page's address, which it cannot know otherwise.
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    type: 'module',
    name: document.baseURI,
  });
  const died = new Promise<never>((_, reject) => {
    worker.addEventListener('error', (event) => {
      worker.terminate();
      connection = undefined;
      const why = event.message || 'its script cannot be loaded';
      reject(Object.assign(new Error(`the worker behind the page stopped: ${why}`), { name: 'Unexpected' }));
    });
  });
  died.catch(() => undefined);
  const remote = wrap<WorkerApi>(worker);
  const ready = Promise.allSettled([...inputs.values()].map((give) => give(remote)));
  return { worker: remote, ready, died };
}

/** Asks the worker; starts it if there is none, or if the last one died. */
async function ask<T>(question: (worker: Remote<WorkerApi>) => Promise<T>): Promise<T> {
  const { worker, ready, died } = (connection ??= connect());
  await Promise.race([ready, died]);
  return Promise.race([question(worker), died]);
}

/** As `ask`; what is given is given again to a worker that replaces this one. */
async function give<T>(
  what: 'model' | 'portrait' | 'speech',
  again: (worker: Remote<WorkerApi>) => Promise<T>,
  first = again,
): Promise<T> {
  const answer = await ask(first);
  inputs.set(what, again);
  return answer;
}

/** The engine as the page sees it: plain calls, plain callbacks. Makes its worker at the first call. */
export const engine: EngineApi = {
  openGpu: () => ask((worker) => worker.openGpu()),
  loadDemo: (onProgress) =>
    give(
      'model',
      (worker) => worker.loadDemo(silent()),
      (worker) => worker.loadDemo(callback(onProgress)),
    ),
  async importModel(files, onProgress) {
    const summary = await ask((worker) => worker.importModel(files, callback(onProgress)));
    inputs.set('model', (worker) => worker.loadSaved(summary.name));
    return summary;
  },
  savedModels: () => ask((worker) => worker.savedModels()),
  loadSaved: (id) => give('model', (worker) => worker.loadSaved(id)),
  deleteSaved: (id) => ask((worker) => worker.deleteSaved(id)),
  setPortrait: (file, name, alpha) => give('portrait', (worker) => worker.setPortrait(file, name, alpha)),
  findFaces: () => ask((worker) => worker.findFaces()),
  setSpeech: (file, name) => give('speech', (worker) => worker.setSpeech(file, name)),
  generate: (settings, listener) => ask((worker) => worker.generate(settings, callbacks(listener))),
  cancel: () => ask((worker) => worker.cancel()),
  exportVideo: () => ask((worker) => worker.exportVideo()),
  exportFrames: (onProgress) => ask((worker) => worker.exportFrames(callback(onProgress))),
  exportMotion: () => ask((worker) => worker.exportMotion()),
  inside: {
    coefficients: () => ask((worker) => worker.inside.coefficients()),
    frame: (index) => ask((worker) => worker.inside.frame(index)),
    draw: (lambda) => ask((worker) => worker.inside.draw(lambda)),
    window: (index) => ask((worker) => worker.inside.window(index)),
    kernels: () => ask((worker) => worker.inside.kernels()),
  },
};

const callback = (onProgress: OnProgress) => proxy(guarded(onProgress));
const silent = () => proxy(() => undefined);

function callbacks(listener: RunListener): RunListener {
  return proxy({
    onStage: guarded((stage) => listener.onStage(stage)),
    onVideoType: guarded((type) => listener.onVideoType(type)),
    onVideoPiece: guarded((piece) => listener.onVideoPiece(piece)),
    onFrame: guarded((done, total, seconds) => listener.onFrame(done, total, seconds)),
  } satisfies RunListener);
}

/** An error in a callback is the page's, not the run's. */
function guarded<A extends unknown[]>(call: (...args: A) => void): (...args: A) => void {
  return (...args) => {
    try {
      call(...args);
    } catch (error) {
      reportError(error);
    }
  };
}
