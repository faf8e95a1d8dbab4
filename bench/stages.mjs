// Each stage by itself: how long its weights take to load, how long it takes, and its launches.
import {
  createAudioEncoder,
  createEmotionEncoder,
  createFlowTransformer,
  createMotionAutoencoder,
  pictureTensor,
} from '../dist/index.js';
import { fitSquare } from '../dist/media/resize.js';
import { windowFrames } from '../dist/weights/config.js';
import { timeOf, traceOf } from './timing.mjs';

/** @returns stages { label, wall, host, launches, calls } and loads { part, ms, MB of GPU memory }. */
export async function runStages(float, { portrait, clip, seconds, frames }) {
  const { gpu, weights, precision } = float;
  const { config } = float.model;
  const stages = [];
  const loads = [];

  /** A stage's first run loads and compiles; `repeat` more are timed without, and one with a trace. */
  async function stage(label, repeat, work) {
    await work();
    const times = [];
    for (let i = 0; i < repeat; i++) times.push(await timeOf(work));
    const { launches, host } = await traceOf(gpu, work);
    stages.push({ label, wall: Math.min(...times), host, launches, calls: 1 });
  }

  async function load(part, create) {
    const before = gpu.memory.bytes;
    const started = performance.now();
    const loaded = await create();
    await gpu.device.queue.onSubmittedWorkDone();
    loads.push({ part, ms: performance.now() - started, MB: (gpu.memory.bytes - before) / 1e6 });
    return loaded;
  }

  const autoencoder = await load('motion auto-encoder', () =>
    createMotionAutoencoder(gpu, weights, config, precision),
  );
  const image = pictureTensor(fitSquare(portrait, config.input_size));
  const encoded = await autoencoder.encode(image);
  stages.push({ label: 'encode', ...(await traceOf(gpu, () => autoencoder.encode(image))), calls: 1 });
  const decoder = await load('decoder’s plan', () => autoencoder.openDecoder(encoded));
  await decoder.decode(encoded.sR);
  const decodeAll = () => Promise.all(Array.from({ length: frames }, () => decoder.decode(encoded.sR)));
  const wall = await timeOf(decodeAll);
  stages.push({ label: 'decode, a frame', ...(await traceOf(gpu, decodeAll)), wall, calls: frames });
  autoencoder.destroy();

  const [L, P, d] = [windowFrames(config), config.num_prev_frames, config.dim_w];
  const transformer = await load('transformer', () => createFlowTransformer(gpu, weights, config, precision));
  const conditions = {
    wa: new Float32Array(L * d),
    wr: encoded.rS,
    we: new Float32Array(config.dim_e),
    prevX: new Float32Array(P * d),
    prevWa: new Float32Array(P * d),
  };
  const field = transformer.field(conditions, { audio: 2, emotion: 1 });
  await stage('field, guided', 2, () => field(0.5, new Float32Array(L * d)));
  transformer.destroy();

  const audio = await load('audio encoder', () => createAudioEncoder(gpu, weights, float.model, precision));
  await stage(`audio, ${seconds} s`, 1, () => audio.encode(clip));
  audio.destroy();
  const emotion = await load('emotion encoder', () =>
    createEmotionEncoder(gpu, weights, float.model.emotion, precision),
  );
  await stage(`emotion, ${seconds} s`, 1, () => emotion.classify(clip));
  emotion.destroy();
  return { stages, loads };
}
