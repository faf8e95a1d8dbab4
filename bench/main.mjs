// How fast each kernel, each stage and the whole pipeline are on an adapter, and how far from what it can do:
//   npm run build && npm run bench -- [--sizes tiny|demo|full] [--adapter NAME] [--frames 8] [--seconds 2] [--json FILE]
// Ratios of one run can be compared; times of machines that do other work as well cannot.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  animate,
  closeGpu,
  createAudioEncoder,
  createEmotionEncoder,
  createFlowTransformer,
  createMotionAutoencoder,
  decodeWav,
  openGpu,
  pictureTensor,
} from '../dist/index.js';
import { openWeights, readPicture, requestNodeAdapter } from '../dist/node/index.js';
import { fitSquare } from '../dist/media/resize.js';
import { windowFrames } from '../dist/weights/config.js';
import { finishTrace, startTrace } from '../dist/runtime/trace.js';
import { measureCeilings } from './ceilings.mjs';
import { printTable, shortLabel } from './table.mjs';
import { workOf } from './work.mjs';

const root = fileURLToPath(new URL('../', import.meta.url));
const { values: flags } = parseArgs({
  options: {
    sizes: { type: 'string', default: 'demo' },
    adapter: { type: 'string', default: 'auto' },
    frames: { type: 'string', default: '8' },
    seconds: { type: 'string', default: '2' },
    json: { type: 'string' },
  },
});
const paths = { tiny: 'golden/tiny', demo: 'weights/demo', full: 'golden/full' };
if (!(flags.sizes in paths)) throw new Error(`--sizes: expected tiny, demo or full, got ${flags.sizes}`);

const { adapter, name } = await requestNodeAdapter({ adapter: flags.adapter });
const gpu = await openGpu(adapter);
const float = { gpu, ...(await openWeights(`${root}${paths[flags.sizes]}`)) };
const { config } = float.model;
const d = config.dim_w;
const sound = decodeWav(readFileSync(`${root}examples/speech/neutral.wav`), 'neutral.wav');
const rate = sound.sampleRate;
const speech = (seconds) => {
  const [all] = sound.channels;
  return Float32Array.from({ length: Math.round(seconds * rate) }, (_, i) => all[i % all.length]);
};
const portrait = await readPicture(`${root}examples/portraits/portrait1_512.png`);

/** Runs something with a trace: its launches, and how long the host and all of it took. */
async function traceOf(work) {
  startTrace(gpu);
  const started = performance.now();
  await work();
  const wall = performance.now() - started;
  const { launches, spans } = await finishTrace(gpu);
  return { launches, host: spans.reduce((sum, { start, end }) => sum + end - start, 0), wall };
}

async function timeOf(work) {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

const ceilings = await measureCeilings(gpu);
console.log(`${name}, ${flags.sizes} sizes
multiply-adds ${(ceilings.f32 / 1e9).toFixed(1)} GFLOP/s in f32${ceilings.f16 ? `, ${(ceilings.f16 / 1e9).toFixed(1)} in f16` : ''}; copying ${(ceilings.bytes / 1e9).toFixed(1)} GB/s\n`);

const frames = Number(flags.frames);
const stages = [];
/** A stage's first run loads and compiles; `repeat` more are timed without, and one with a trace. */
async function stage(label, repeat, work) {
  await work();
  const times = [];
  for (let i = 0; i < repeat; i++) times.push(await timeOf(work));
  const { launches, host } = await traceOf(work);
  stages.push({ label, wall: Math.min(...times), host, launches, calls: 1 });
}

const autoencoder = await createMotionAutoencoder(gpu, float.weights, config);
const image = pictureTensor(fitSquare(portrait, config.input_size));
const encoded = await autoencoder.encode(image);
stages.push({ label: 'encode', ...(await traceOf(() => autoencoder.encode(image))), calls: 1 });
const decoder = await autoencoder.openDecoder(encoded);
await decoder.decode(encoded.sR);
const decodeAll = () => Promise.all(Array.from({ length: frames }, () => decoder.decode(encoded.sR)));
const decodeWall = await timeOf(decodeAll);
stages.push({ label: 'decode, a frame', ...(await traceOf(decodeAll)), wall: decodeWall, calls: frames });
autoencoder.destroy();

const L = windowFrames(config);
const P = config.num_prev_frames;
const transformer = await createFlowTransformer(gpu, float.weights, config);
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

const clip = speech(Number(flags.seconds));
const audio = await createAudioEncoder(gpu, float.weights, float.model);
await stage(`audio, ${flags.seconds} s`, 1, () => audio.encode(clip));
audio.destroy();
const emotion = await createEmotionEncoder(gpu, float.weights, float.model.emotion);
await stage(`emotion, ${flags.seconds} s`, 1, () => emotion.classify(clip));
emotion.destroy();

const launchWork = ({ launch, start, end }) => ({ ...workOf(launch), milliseconds: end - start });
/** The time that the binding ceiling, arithmetic or bandwidth, allows at best. */
const bestTime = ({ flops, bytes }) => 1000 * Math.max(flops / ceilings.f32, bytes / ceilings.bytes);
const total = (works) =>
  works.reduce(
    (sum, work) => ({
      flops: sum.flops + work.flops,
      bytes: sum.bytes + work.bytes,
      milliseconds: sum.milliseconds + work.milliseconds,
      best: sum.best + bestTime(work),
    }),
    { flops: 0, bytes: 0, milliseconds: 0, best: 0 },
  );

const stageRows = stages.map(({ label, wall, host, launches, calls }) => {
  const { flops, bytes, milliseconds, best } = total(launches.map(launchWork));
  return {
    stage: label,
    ms: wall / calls,
    kernels: milliseconds / calls,
    host: host / calls,
    launches: launches.length / calls,
    GFLOP: flops / calls / 1e9,
    'GFLOP/s': flops / milliseconds / 1e6,
    MB: bytes / calls / 1e6,
    'of ceiling': best / milliseconds,
  };
});
printTable(
  'Stages: time for all, in kernels, of the host to submit; work; best possible time of the kernels',
  stageRows,
);

const groups = new Map();
for (const { label: stageLabel, launches, calls } of stages) {
  for (const traced of launches) {
    const key = `${stageLabel} ${shortLabel(traced)}`;
    const group = groups.get(key) ?? { stage: stageLabel.split(',')[0], traced, works: [], calls };
    group.works.push(launchWork(traced));
    groups.set(key, group);
  }
}
const kernelRows = [...groups.values()]
  .map(({ stage, traced, works, calls }) => {
    const { flops, bytes, milliseconds, best } = total(works);
    return {
      stage,
      kernel: shortLabel(traced),
      launches: works.length / calls,
      ms: milliseconds / calls,
      'GFLOP/s': flops / milliseconds / 1e6,
      'GB/s': bytes / milliseconds / 1e6,
      bound: flops / ceilings.f32 > bytes / ceilings.bytes ? 'arithmetic' : 'bytes',
      'of ceiling': best / milliseconds,
    };
  })
  .sort((a, b) => b.ms - a.ms);
printTable('Kernels, a call of their stage: the slowest first', kernelRows.slice(0, 40));

const started = performance.now();
let first = 0;
let drawn = 0;
gpu.memory.peak = gpu.memory.bytes;
for await (const frame of animate(float, portrait, { sampleRate: rate, channels: [clip] })) {
  if (frame.index === 0) first = performance.now() - started;
  drawn++;
}
const seconds = (performance.now() - started) / 1000;
const pipeline = {
  frames: drawn,
  'frames/s': drawn / seconds,
  'first frame, ms': first,
  'GPU peak, MB': gpu.memory.peak / 1e6,
  'resident, MB': process.memoryUsage().rss / 1e6,
};
printTable('Whole pipeline, weights loaded part by part as needed', [pipeline]);

if (flags.json) {
  const result = {
    adapter: name,
    sizes: flags.sizes,
    ceilings,
    stages: stageRows,
    kernels: kernelRows,
    pipeline,
  };
  writeFileSync(flags.json, `${JSON.stringify(result, null, 1)}\n`);
}
closeGpu(gpu);
