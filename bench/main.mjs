// How fast each kernel, each stage and the whole pipeline are on an adapter, and how far from what it can do:
//   npm run build && npm run bench -- [--sizes tiny|demo|full] [--adapter NAME] [--frames 8] [--seconds 2] [--precision f16] [--peers]
//     [--experimental] [--json FILE]
// With --peers, also our operators beside ONNX Runtime Web's, in Chromium: see peers/main.mjs.
// Ratios of one run can be compared; times of machines that do other work as well cannot.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { closeGpu, decodeWav, openGpu } from '../dist/index.js';
import { openWeights, readPicture, requestNodeAdapter } from '../dist/node/index.js';
import { measureCeilings } from './ceilings.mjs';
import { measureOverhead, runPipeline } from './pipeline.mjs';
import { runStages } from './stages.mjs';
import { printTable, shortLabel } from './table.mjs';
import { workOf } from './work.mjs';

const root = fileURLToPath(new URL('../', import.meta.url));
const { values: flags } = parseArgs({
  options: {
    sizes: { type: 'string', default: 'demo' },
    adapter: { type: 'string', default: 'auto' },
    frames: { type: 'string', default: '8' },
    seconds: { type: 'string', default: '2' },
    peers: { type: 'boolean', default: false },
    precision: { type: 'string', default: 'f32' },
    experimental: { type: 'boolean', default: false },
    json: { type: 'string' },
  },
});
const paths = { tiny: 'golden/tiny', demo: 'weights/demo', full: 'golden/full' };
if (!(flags.sizes in paths)) throw new Error(`--sizes: expected tiny, demo or full, got ${flags.sizes}`);
const peers = flags.peers ? await import('./peers/main.mjs') : undefined;
const noPeers = peers?.whyNoPeers();
if (noPeers) {
  console.error(noPeers);
  process.exit(2);
}

const { experimental } = flags;
const { adapter, name } = await requestNodeAdapter({ adapter: flags.adapter, experimental });
const gpu = await openGpu(adapter, { experimental });
const started = performance.now();
const { precision } = flags;
const float = { gpu, precision, ...(await openWeights(`${root}${paths[flags.sizes]}`)) };
const opening = performance.now() - started;
const sound = decodeWav(readFileSync(`${root}examples/speech/neutral.wav`), 'neutral.wav');
const rate = sound.sampleRate;
const speech = (seconds) => {
  const [all] = sound.channels;
  return Float32Array.from({ length: Math.round(seconds * rate) }, (_, i) => all[i % all.length]);
};
const portrait = await readPicture(`${root}examples/portraits/portrait1_512.png`);

const seconds = Number(flags.seconds);
const clip = speech(seconds);
console.log(`${name}, ${flags.sizes} sizes, ${precision}\n`);
// First, so that nothing is compiled yet.
const pipeline = await runPipeline(float, portrait, { sampleRate: rate, channels: [clip] });
printTable('Whole pipeline, weights loaded part by part as needed', [pipeline]);

const ceilings = await measureCeilings(gpu);
const also = (operations, how) => (operations ? `, ${(operations / 1e9).toFixed(1)} ${how}` : '');
console.log(
  `multiply-adds ${(ceilings.f32 / 1e9).toFixed(1)} GFLOP/s in f32${also(ceilings.f16, 'in f16')}${also(ceilings.matrix, 'by matrices')}; copying ${(ceilings.bytes / 1e9).toFixed(1)} GB/s\n`,
);
const { stages, loads } = await runStages(float, { portrait, clip, seconds, frames: Number(flags.frames) });
printTable(
  `Loading, of the GPU memory each takes (configuration and index of the weights: ${opening.toFixed(0)} ms)`,
  loads,
);
const overhead = await measureOverhead(float, portrait, Number(flags.frames));
printTable('A frame: what the host computes, launches, and bytes', [overhead]);

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

closeGpu(gpu);
const beside = await peers?.measurePeers({ sizes: flags.sizes, adapter: flags.adapter });

if (flags.json) {
  const result = {
    adapter: name,
    sizes: flags.sizes,
    ceilings,
    loads: [{ part: 'configuration and index', ms: opening, MB: 0 }, ...loads],
    overhead,
    stages: stageRows,
    kernels: kernelRows,
    pipeline,
    peers: beside,
  };
  writeFileSync(flags.json, `${JSON.stringify(result, null, 1)}\n`);
}
