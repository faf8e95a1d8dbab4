// A training step of the flow-matching transformer, beside PyTorch's in the same run where python3 has it.
//   npm run build && node bench/training.mjs [--batch 8] [--adapter llvmpipe] [--python python3] [--seconds 10]
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { demoWeights } from '../dist/cli/options.js';
import { requestNodeAdapter } from '../dist/node/gpu.js';
import { openWeights } from '../dist/node/weights.js';
import { embedConditions, recordFlowTransformer } from '../dist/models/transformer/fmt-layers.js';
import { closeGpu, openGpu } from '../dist/runtime/gpu.js';
import { compilePlan, readOutputs, runPlan, writeInput } from '../dist/runtime/plan.js';
import { input, output } from '../dist/runtime/recorder.js';
import { adamControl } from '../dist/train/adam.js';
import { openFmtNetwork } from '../dist/train/fmt-network.js';
import { compileFmtStep } from '../dist/train/fmt-step.js';
import { windowFrames } from '../dist/weights/config.js';

const { values } = parseArgs({
  options: {
    batch: { type: 'string', default: '8' },
    adapter: { type: 'string', default: 'auto' },
    python: { type: 'string', default: 'python3' },
    seconds: { type: 'string', default: '10' },
  },
});
const [batch, seconds] = [Number(values.batch), Number(values.seconds)];
const { adapter, name } = await requestNodeAdapter({ adapter: values.adapter });
const gpu = await openGpu(adapter);
const { model, weights } = await openWeights(demoWeights);
const { config } = model;
const network = await openFmtNetwork(gpu, weights, config);
const N = config.num_prev_frames + windowFrames(config);
const step = await compileFmtStep(network, { batch, objective: 'flow' });
writeInput(step, 'adam', adamControl({ rate: 1e-5, beta1: 0.9, beta2: 0.999, eps: 1e-8, maxNorm: 1 }, 1));
const forward = await compilePlan(gpu, 'forward', (rec) => {
  const condition = input(rec, 'condition', [batch, N, 2 * config.dim_w + config.dim_e]);
  const inputs = { time: input(rec, 'time', [batch, 256]), x: input(rec, 'x', [batch, N, config.dim_w]) };
  output(rec, 'v', recordFlowTransformer(rec, network.weights, { ...inputs, condition: embedConditions(rec, network.weights, condition) })); // prettier-ignore
});

/** Milliseconds of the fastest run, after two. */
async function best(plan, read) {
  let least = Infinity;
  const run = async () => {
    const started = performance.now();
    runPlan(plan);
    await readOutputs(plan, [read]);
    return performance.now() - started;
  };
  for (let i = 0; i < 2; i++) await run();
  for (const ends = performance.now() + 1000 * seconds; performance.now() < ends;)
    least = Math.min(least, await run());
  return least;
}
const times = { forward: await best(forward, 'v'), step: await best(step, 'loss') };
const ratio = (times.step / times.forward).toFixed(1);
console.log(`${name}, batch ${batch}: forward ${times.forward.toFixed(1)} ms, step ${times.step.toFixed(1)} ms, ${ratio} times forward`); // prettier-ignore
console.log(`memory of inner tensors ${(step.scratchBytes / 1e6).toFixed(1)} MB, of forward alone ${(forward.scratchBytes / 1e6).toFixed(1)} MB`); // prettier-ignore
network.destroy();
closeGpu(gpu);
const args = ['bench/torch_baseline.py', '--sizes', 'demo', '--device', 'cpu', '--training', String(batch), '--budget', String(seconds)]; // prettier-ignore
const { status, stdout, stderr } = spawnSync(values.python, args, { encoding: 'utf8' });
console.log((status === 0 ? stdout : stderr).trim());
