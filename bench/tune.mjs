// Measures which kernels and workgroups an adapter runs fastest, beside what the rule in src/runtime/tuning.ts chooses:
//   npm run build && npm run tune -- [--adapter NAME]
// Choices are made one after the other, each on the operators it matters for, at sizes of the published model; a choice
// is the one with the smallest geometric mean of times.
import { parseArgs } from 'node:util';
import { closeGpu, openGpu } from '../dist/index.js';
import { requestNodeAdapter } from '../dist/node/index.js';
import { attention } from '../dist/ops/attention.js';
import { conv2d, convTranspose2d } from '../dist/ops/conv2d.js';
import { layerNorm } from '../dist/ops/layer-norm.js';
import { linear } from '../dist/ops/linear.js';
import { compilePlan, destroyPlan } from '../dist/runtime/plan.js';
import { profilePlan } from '../dist/runtime/profile.js';
import { input, output } from '../dist/runtime/recorder.js';
import { chooseTuning } from '../dist/runtime/tuning.js';

const { values: flags } = parseArgs({ options: { adapter: { type: 'string', default: 'auto' } } });
const { adapter, name } = await requestNodeAdapter({ adapter: flags.adapter });
const gpu = await openGpu(adapter);
if (!gpu.device.features.has('timestamp-query')) throw new Error(`${name} has no timestamp-query`);

const picture = (channels, side) => (rec) => input(rec, 'x', [1, channels, side, side]);
const weight = (rec, channels, taps = 9) => ({
  tensor: input(rec, 'w', [taps, channels, channels]),
  outputs: channels,
});
const convolution = (channels, side) => (rec) =>
  conv2d(rec, picture(channels, side)(rec), weight(rec, channels), { padding: 1 });
const upsampling = (channels, side) => (rec) =>
  convTranspose2d(rec, picture(channels, side)(rec), weight(rec, channels));
const product = (rows, inputs, outputs) => (rec) =>
  linear(rec, input(rec, 'x', [rows, inputs]), input(rec, 'w', [outputs, inputs]));

const convolutions = [convolution(512, 16), convolution(128, 64), convolution(32, 256), upsampling(128, 32)];
const products = [product(180, 1024, 1024), product(180, 1024, 4096), product(164, 768, 768)];
const attentions = [(rec) => attention(rec, { qkv: input(rec, 'qkv', [1, 164, 3 * 768]) }, { heads: 12 })];
const norms = [(rec) => layerNorm(rec, input(rec, 'x', [180, 1024]), { eps: 1e-6 })];

const { maxComputeInvocationsPerWorkgroup: invocations } = gpu.device.limits;
const tiles = [
  { WIDE: 32, HIGH: 4 },
  { WIDE: 16, HIGH: 4 },
  { WIDE: 16, HIGH: 8 },
  { WIDE: 8, HIGH: 8 },
  { WIDE: 32, HIGH: 8 },
].filter(({ WIDE, HIGH }) => WIDE * HIGH <= invocations);
const choices = {
  product: {
    candidates: adapter.features.has('subgroups') ? ['shared', 'subgroup'] : ['shared'],
    operators: [...convolutions, ...products, ...attentions],
  },
  conv2dTile: { candidates: tiles, operators: convolutions, when: ({ product }) => product === 'shared' },
  conv3x3: {
    candidates: ['plain', 'rows'],
    operators: convolutions.slice(0, 3),
    when: ({ product }) => product === 'subgroup',
  },
  row: { candidates: ['workgroup', 'invocation'], operators: norms },
};

/** Milliseconds of an operator's kernels, the best of several runs within about two seconds. */
async function timeOf(record) {
  const plan = await compilePlan(gpu, 'tune', (rec) => output(rec, 'y', record(rec)));
  let best = Infinity;
  const started = performance.now();
  for (let run = 0; run < 10 && (run < 2 || performance.now() - started < 2000); run++) {
    const launches = await profilePlan(plan);
    best = Math.min(
      best,
      launches.reduce((sum, { milliseconds }) => sum + milliseconds, 0),
    );
  }
  destroyPlan(plan);
  return best;
}

const rule = chooseTuning(adapter);
let tuning = rule;
console.log(name);
for (const [choice, { candidates, operators, when = () => true }] of Object.entries(choices)) {
  if (!when(tuning)) continue;
  let best = { mean: Infinity };
  for (const candidate of candidates) {
    gpu.tuning = { ...tuning, [choice]: candidate };
    let logarithms = 0;
    for (const record of operators) logarithms += Math.log(await timeOf(record));
    const mean = Math.exp(logarithms / operators.length);
    console.log(`  ${choice} ${JSON.stringify(candidate)}: ${mean.toFixed(3)} ms`);
    if (mean < best.mean) best = { mean, candidate };
  }
  tuning = { ...tuning, [choice]: best.candidate };
}
console.log(`fastest ${JSON.stringify(tuning)}`);
console.log(`rule    ${JSON.stringify(rule)}`);
closeGpu(gpu);
