// What the product launches on a graphics card at the published sizes: every stage is opened and run with the kernels
// that a card gets, on llvmpipe, which compiles them; nothing is computed, so the sizes can be the published ones.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { decodeWav, openGpu } from '../../dist/index.js';
import { openWeights, readPicture, requestNodeAdapter } from '../../dist/node/index.js';
import { kernelInterface, withHalves } from '../../dist/runtime/kernel.js';
import { compilePlan, destroyPlan } from '../../dist/runtime/plan.js';
import { halvesOf } from '../../dist/runtime/launch.js';
import { shaders } from '../../dist/runtime/shaders.generated.js';
import { chooseTuning } from '../../dist/runtime/tuning.js';
import { casesOf } from '../peers/cases.mjs';
import { runStages } from '../stages.mjs';
import { shortLabel } from '../table.mjs';
import { workOf } from '../work.mjs';
import { operators } from './operators.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const seconds = 2;

/** The operators of bench/peers/cases.mjs that are held against ONNX Runtime Web. */
export const comparedCases = (model) =>
  casesOf(model).filter(({ op, group }) => op in operators && ['decoder', 'fmt'].includes(group));

/**
 * @returns { modules: { name: { kernel, code, constants, bindings } }, launches: [{ stage, label, module, params,
 *   workgroups, flops, bytes }], one for each of a call's; cases as stages }.
 */
export async function collectLaunches(precision) {
  const { adapter } = await requestNodeAdapter({ adapter: 'llvmpipe' });
  const gpu = await openGpu(adapter);
  gpu.tuning = chooseTuning({
    info: { isFallbackAdapter: false, subgroupMinSize: 32, subgroupMaxSize: 32 },
    features: adapter.features,
  });
  globalThis.GPUComputePassEncoder.prototype.dispatchWorkgroups = () => {};
  const float = { gpu, precision, ...(await openWeights(`${root}golden/full`)) };
  const sound = decodeWav(readFileSync(`${root}examples/speech/neutral.wav`), 'neutral.wav');
  const [all] = sound.channels;
  const clip = Float32Array.from({ length: seconds * sound.sampleRate }, (_, i) => all[i % all.length]);
  const portrait = await readPicture(`${root}examples/portraits/portrait1_512.png`);
  const { stages } = await runStages(float, { portrait, clip, seconds, frames: 1 });

  const modules = {};
  const describe = (stage, launch) => {
    const { kernel, constants = {}, params, workgroups } = launch;
    const halves = halvesOf(launch);
    const variant = [
      ...halves.map((alias) => `${alias}=f16`),
      ...Object.entries(constants).map((c) => c.join('=')),
    ];
    const module = [kernel, ...variant].join(' ');
    const { bindings } = kernelInterface(kernel);
    modules[module] ??= { kernel, code: withHalves(shaders[kernel], halves), constants, bindings };
    const size = [...workgroups, 1, 1].slice(0, 3);
    return { stage, label: shortLabel({ launch }), module, params, workgroups: size, ...workOf(launch) };
  };
  const launches = stages.flatMap(({ label, launches }) =>
    launches.map(({ launch }) => describe(label, launch)),
  );
  for (const one of comparedCases(float.model)) {
    let recorded;
    const plan = await compilePlan(gpu, one.name, (rec) => {
      operators[one.op](rec, one);
      recorded = rec.dispatches;
    });
    launches.push(...recorded.map((launch) => describe(one.name, launch)));
    destroyPlan(plan);
  }
  return { modules, launches };
}
