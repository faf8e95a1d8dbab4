// The ladder from plain to fast (docs/ladder.md): each kernel of study/ on one size, then the product's own kernels.
//   npm run build && npm run ladder -- [--adapter NAME] [--runs 5] [--clock wall|cpu]
// `cpu` counts the time that this process computes, divided by the cores: steadier on a busy machine where the
// processor plays the graphics card, and meaningless elsewhere.
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { closeGpu, openGpu } from '../dist/index.js';
import { requestNodeAdapter } from '../dist/node/index.js';
import { packTransposedWeight, packWeight } from '../dist/ops/conv-weight.js';
import { conv2d, conv2dReference, convTranspose2d } from '../dist/ops/conv2d.js';
import { linear, linearReference } from '../dist/ops/linear.js';
import { upfirdn2d } from '../dist/ops/upfirdn2d.js';
import { check } from '../dist/runtime/gpu.js';
import { readInterface } from '../dist/runtime/kernel.js';
import { compilePlan, encodeStep, readOutputs, writeInput } from '../dist/runtime/plan.js';
import { input, output } from '../dist/runtime/recorder.js';
import { polyphaseWeight } from '../study/polyphase.mjs';
import * as study from '../study/rungs.mjs';
import { printTable } from './table.mjs';

const { values: flags } = parseArgs({
  options: {
    adapter: { type: 'string', default: 'auto' },
    runs: { type: 'string', default: '5' },
    clock: { type: 'string', default: 'wall' },
  },
});
const cores = availableParallelism();
const clocks = {
  wall: () => performance.now() / 1e3,
  cpu: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6 / cores;
  },
};
const clock = clocks[flags.clock];
if (!clock) throw new Error(`--clock: expected wall or cpu, got ${flags.clock}`);

const { adapter, name } = await requestNodeAdapter({ adapter: flags.adapter });
const gpu = await openGpu(adapter);
const { device } = gpu;
const canShareLanes = device.features.has('subgroups');

/** Reproducible values of both signs. */
function values(count, seed) {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

async function secondsOf(submit, times) {
  const started = clock();
  submit(times);
  await device.queue.onSubmittedWorkDone();
  return (clock() - started) / times;
}

/**
 * The shortest time of each candidate. They take turns, so that what else the machine does slows none of them alone.
 */
async function race(candidates) {
  const times = [];
  for (const { submit } of candidates) {
    await secondsOf(submit, 1);
    times.push(Math.max(1, Math.min(32, Math.ceil(0.1 / (await secondsOf(submit, 1))))));
  }
  const best = candidates.map(() => Infinity);
  for (let run = 0; run < Number(flags.runs); run++) {
    for (const [i, { submit }] of candidates.entries()) {
      best[i] = Math.min(best[i], await secondsOf(submit, times[i]));
    }
  }
  return best;
}

/** Multiply-adds in registers and nothing else: bench/probes. */
async function ceiling() {
  const source = readFileSync(new URL('probes/multiply_add_f32.wgsl', import.meta.url), 'utf8');
  const workgroups = [adapter.info.isFallbackAdapter ? 256 : 16384, 1];
  const rounds = 2048;
  const bindings = { y: study.floats(device, workgroups[0] * 64) };
  const launch = await study.prepareLaunch(device, readInterface, source, { bindings, params: { rounds }, workgroups }); // prettier-ignore
  return {
    flops: 2 * 4 * 16 * rounds * workgroups[0] * 64,
    submit: (times) => study.submitLaunch(device, launch, times),
  };
}

async function candidateOf(rung, { x, w, count }, params, workgroups) {
  const bindings = { x: study.floats(device, x), w: study.floats(device, w), y: study.floats(device, count) };
  const source = study.sourceOf(rung);
  const launch = await study.prepareLaunch(device, readInterface, source, { bindings, params, workgroups });
  return {
    kernel: `${rung.file}: ${rung.title}`,
    submit: (times) => study.submitLaunch(device, launch, times),
    read: () => study.readFloats(device, bindings.y),
  };
}

/** An operator of the product, launched as `tuning` says; called what it launches if it has no `title`. */
async function operatorOf(tuning, inputs, record, title) {
  gpu.tuning = { ...gpu.tuning, ...tuning };
  const plan = await compilePlan(gpu, 'ladder', (rec) => {
    const tensors = Object.entries(inputs).map(([label, { shape }]) => [label, input(rec, label, shape)]);
    output(rec, 'y', record(rec, Object.fromEntries(tensors)));
  });
  for (const [label, { data }] of Object.entries(inputs)) writeInput(plan, label, data);
  return {
    kernel: title ?? plan.steps.map(({ launch }) => `shaders/${launch.kernel}`).join(', '),
    submit: (times) => {
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      for (let i = 0; i < times; i++) plan.steps.forEach((step) => encodeStep(pass, step));
      pass.end();
      device.queue.submit([encoder.finish()]);
    },
    read: async () => (await readOutputs(plan, ['y'])).y,
  };
}

/** ‖y − expected‖ / ‖expected‖ of the part of y that is expected. */
function errorOf(y, expected) {
  let [difference, norm] = [0, 0];
  expected.forEach((value, i) => {
    difference += (y[i] - value) ** 2;
    norm += value ** 2;
  });
  return Math.sqrt(difference / norm).toExponential(1);
}

async function ladder(title, flops, candidates, expected) {
  const probe = await ceiling();
  const [fastest, ...seconds] = await race([probe, ...candidates]);
  const rows = [];
  for (const [i, { kernel, read }] of candidates.entries()) {
    rows.push({
      kernel,
      ms: 1e3 * seconds[i],
      'GFLOP/s': flops / seconds[i] / 1e9,
      'of ceiling': flops / seconds[i] / (probe.flops / fastest),
      gain: i === 0 ? '' : (seconds[i - 1] / seconds[i]).toFixed(2),
      ...(expected && { error: errorOf(await read(), expected) }),
    });
  }
  printTable(
    `${title}: gain on the line above; ceiling ${(probe.flops / fastest / 1e9).toFixed(1)} GFLOP/s`,
    rows,
  );
}

async function productLadder({ rows, inputs, outputs }) {
  const size = { rows, inputs, outputs };
  const [x, w] = [values(rows * inputs, 1), values(outputs * inputs, 2)];
  const operands = { x: { shape: [rows, inputs], data: x }, w: { shape: [outputs, inputs], data: w } };
  const product = (tuning) => operatorOf(tuning, operands, (rec, t) => linear(rec, t.x, t.w));
  const candidates = [];
  for (const rung of study.productRungs) {
    const workgroups = study.gridOf(rung, outputs, rows);
    candidates.push(await candidateOf(rung, { x, w, count: rows * outputs }, size, workgroups));
  }
  const forGpus = await product({ product: 'shared' });
  candidates.splice(-1, 0, forGpus);
  if (canShareLanes) candidates.push(await product({ product: 'subgroup' }));
  const some = { ...size, rows: 16 };
  const expected = linearReference(x.subarray(0, some.rows * inputs), w, undefined, some);
  await ladder(`Product ${rows}×${inputs}×${outputs}`, 2 * rows * inputs * outputs, candidates, expected);
}

async function convolutionLadder({ inputs, outputs, height, width }) {
  const size = { inputs, outputs, height, width };
  const plane = height * width;
  const [x, weight] = [values(inputs * plane, 1), values(outputs * inputs * 9, 2)];
  const packed = packWeight(weight, { outputs, inputs, kernel: 3 });
  const operands = { x: { shape: [1, inputs, height, width], data: x }, w: packed };
  const operator = (tuning) =>
    operatorOf(tuning, operands, (rec, t) => conv2d(rec, t.x, { tensor: t.w, outputs }, { padding: 1 })); // prettier-ignore
  const candidates = [];
  for (const rung of study.convolutionRungs) {
    const workgroups = study.gridOf(rung, plane, outputs);
    candidates.push(await candidateOf(rung, { x, w: packed.data, count: outputs * plane }, size, workgroups));
  }
  candidates.push(await operator({ product: 'shared' }));
  if (canShareLanes) {
    const lanes = { product: 'subgroup' };
    candidates.push(await operator({ ...lanes, conv3x3: 'plain' }));
    candidates.push(await operator({ ...lanes, conv3x3: 'rows' }));
  }
  const some = { ...size, outputs: 2, batch: 1, kernel: 3, padding: 1 };
  const expected = conv2dReference(x, weight.subarray(0, some.outputs * inputs * 9), some);
  const title = `Convolution 3×3, ${inputs} → ${outputs} channels at ${height}×${width}`;
  await ladder(title, 2 * 9 * inputs * outputs * plane, candidates, expected);
}

/** The upsampling layer in two kernels against one polyphase kernel, the interleaving of its result left out. */
async function polyphase({ inputs, outputs, height, width }, tuning) {
  const x = { shape: [1, inputs, height, width], data: values(inputs * height * width, 1) };
  const weight = values(outputs * inputs * 9, 2);
  const two = { x, w: packTransposedWeight(weight, { outputs, inputs, kernel: 3 }) };
  const composed = polyphaseWeight(weight, { outputs, inputs });
  const one = { x, w: packWeight(composed, { outputs: 4 * outputs, inputs, kernel: 3 }) };
  const candidates = [
    await operatorOf(
      tuning,
      two,
      (rec, t) =>
        upfirdn2d(rec, convTranspose2d(rec, t.x, { tensor: t.w, outputs }), { pad: [1, 1], gain: 4 }),
      'transposed convolution, then blur',
    ),
    await operatorOf(
      tuning,
      one,
      (rec, t) => conv2d(rec, t.x, { tensor: t.w, outputs: 4 * outputs }, { padding: 1 }),
      'one polyphase convolution',
    ),
  ];
  const seconds = await race(candidates);
  const pixels = inputs * outputs * height * width;
  const rows = candidates.map(({ kernel }, i) => ({
    kernel,
    'multiply-adds, G': ([9, 36][i] * pixels + [64, 0][i] * outputs * height * width) / 1e9,
    ms: 1e3 * seconds[i],
    gain: (seconds[0] / seconds[i]).toFixed(2),
  }));
  printTable(`Upsampling ${inputs} → ${outputs} channels, ${height}² → ${2 * height}²`, rows);
}

const { tuning } = gpu;
console.log(`${name}, clock: ${flags.clock}\n`);
await productLadder({ rows: 180, inputs: 1024, outputs: 1024 });
await convolutionLadder({ inputs: 128, outputs: 128, height: 64, width: 64 });
await polyphase({ inputs: 128, outputs: 64, height: 64, width: 64 }, tuning);
await polyphase({ inputs: 32, outputs: 16, height: 128, width: 128 }, tuning);
check(gpu);
closeGpu(gpu);
