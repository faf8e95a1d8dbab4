/* global navigator, crossOriginIsolated */
// Measures one operator after another in the page: our kernels and ONNX Runtime Web's WebGPU and WASM providers.
import { requestBrowserAdapter } from '/dist/browser/adapter.js';
import { openGpu } from '/dist/runtime/gpu.js';
import { compilePlan, destroyPlan, readOutputs, runPlan, writeInput } from '/dist/runtime/plan.js';
import { input, output } from '/dist/runtime/recorder.js';
import { measureCeilings } from '../ceilings.mjs';
import { singleOperatorModel } from './onnx.mjs';
import { operators, transposed } from './operators.mjs';

const ortFolder = '/node_modules/onnxruntime-web/dist';
/**
 * Builds of ONNX Runtime Web with a WebGPU provider: `webgpu` has kernels in C++, `jsep`, the package's default, in
 * TypeScript.
 */
const builds = { webgpu: 'ort.webgpu.bundle.min.mjs', jsep: 'ort.bundle.min.mjs' };
let gpu;
/** By build. */
const ortGpu = new Map();
// A build of its own: those with WebGPU are compiled so that they can wait for the GPU, which slows their WASM
// provider.
let ortWasm;

/**
 * Opens our device and loads ONNX Runtime; says what is being compared.
 *
 * @param chosen names of builds to compare with.
 */
export async function open(chosen) {
  const { adapter } = await requestBrowserAdapter();
  gpu = await openGpu(adapter);
  const load = async (file) => {
    const ort = await import(`${ortFolder}/${file}`);
    ort.env.wasm.wasmPaths = `${ortFolder}/`;
    ort.env.logLevel = 'error';
    return ort;
  };
  ortWasm = await load('ort.wasm.bundle.min.mjs');
  for (const build of chosen) {
    const ort = await load(builds[build]);
    ort.env.webgpu.powerPreference = 'high-performance';
    ortGpu.set(build, ort);
  }
  ortWasm.env.wasm.numThreads = navigator.hardwareConcurrency;
  const { vendor, architecture, description, isFallbackAdapter } = adapter.info;
  return {
    adapter: [vendor, architecture, description].filter(Boolean).join(' '),
    software: isFallbackAdapter,
    threads: crossOriginIsolated ? navigator.hardwareConcurrency : 1,
    ceilings: await measureCeilings(gpu),
  };
}

/** A runner is `{name, run, wait, read, close}`: one run, until all runs are done, the last result, and the end. */
async function ourRunner({ inputs, ours }) {
  const plan = await compilePlan(gpu, 'peer', (rec) => {
    const tensors = Object.entries(inputs).map(([name, { shape }]) => [name, input(rec, name, shape)]);
    output(rec, 'y', ours(rec, Object.fromEntries(tensors)));
  });
  for (const [name, { data }] of Object.entries(inputs)) writeInput(plan, name, data);
  return {
    name: 'ours',
    run: () => runPlan(plan),
    wait: () => gpu.device.queue.onSubmittedWorkDone(),
    read: async () => (await readOutputs(plan, ['y'])).y,
    close: () => destroyPlan(plan),
  };
}

const shapesOf = (tensors) =>
  Object.fromEntries(Object.entries(tensors).map(([name, { shape }]) => [name, shape]));

const modelOf = (operator, { inputs, constants, output }) =>
  singleOperatorModel(operator, { inputs: shapesOf(inputs), constants, outputs: { y: output } });

async function ortGpuRunner(build, { name, operator, layout = 'NCHW' }, subject) {
  const ort = ortGpu.get(build);
  const session = await ort.InferenceSession.create(modelOf(operator, subject), {
    executionProviders: [{ name: 'webgpu', preferredLayout: layout }],
  });
  const device = await ort.env.webgpu.device;
  const buffers = [];
  // ONNX Runtime reads and writes in place, without copies, where a tensor's buffer is its own device's.
  const tensor = (shape, data) => {
    const size = 4 * shape.reduce((product, extent) => product * extent, 1);
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const buffer = device.createBuffer({ size: Math.ceil(size / 16) * 16, usage });
    if (data) device.queue.writeBuffer(buffer, 0, data);
    buffers.push(buffer);
    return ort.Tensor.fromGpuBuffer(buffer, { dataType: 'float32', dims: shape });
  };
  const feeds = Object.entries(subject.inputs).map(([key, { shape, data }]) => [key, tensor(shape, data)]);
  const y = tensor(subject.output);
  return {
    name: `${build} ${name}`,
    run: () => session.run(Object.fromEntries(feeds), { y }),
    wait: () => device.queue.onSubmittedWorkDone(),
    async read() {
      const { size } = y.gpuBuffer;
      const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
      const staging = device.createBuffer({ size, usage });
      const encoder = device.createCommandEncoder();
      encoder.copyBufferToBuffer(y.gpuBuffer, 0, staging, 0, size);
      device.queue.submit([encoder.finish()]);
      await staging.mapAsync(GPUMapMode.READ);
      const data = new Float32Array(staging.getMappedRange().slice(0), 0, y.size);
      staging.destroy();
      return data;
    },
    async close() {
      await session.release();
      buffers.forEach((buffer) => buffer.destroy());
    },
  };
}

async function ortWasmRunner({ operator }, subject) {
  const session = await ortWasm.InferenceSession.create(modelOf(operator, subject), {
    executionProviders: ['wasm'],
  });
  const feeds = Object.entries(subject.inputs).map(([key, { shape, data }]) => [
    key,
    new ortWasm.Tensor('float32', data, shape),
  ]);
  let y;
  return {
    name: 'wasm',
    run: async () => ({ y } = await session.run(Object.fromEntries(feeds))),
    wait: () => undefined,
    read: async () => y.data,
    close: () => session.release(),
  };
}

async function timed(runner, runs) {
  const started = performance.now();
  for (let i = 0; i < runs; i++) await runner.run();
  await runner.wait();
  return (performance.now() - started) / runs;
}

/**
 * Shortest time of a run in milliseconds of each runner, the first run, which compiles, left out. They take turns until
 * each has had its time. Of several ways to say the same (`rivals`), one whose first run took long, and much longer
 * than another's, gets no second one: undefined.
 *
 * @returns for each runner `{best, timed}`, the shortest time and of how many.
 */
async function bestTimes(runners, budget, rivals = []) {
  const first = new Map();
  for (const runner of runners) first.set(runner, await timed(runner, 1));
  const least = Math.min(...rivals.map((runner) => first.get(runner)));
  const hopeless = (runner) => rivals.includes(runner) && first.get(runner) > Math.max(budget, 1.5 * least);
  const states = [];
  for (const runner of runners.filter((runner) => !hopeless(runner))) {
    const once = await timed(runner, 1);
    // Many short runs are waited for together: waiting takes a message to another process and back.
    const runs = Math.max(1, Math.min(50, Math.floor(budget / 10 / once)));
    states.push({ runner, best: once, runs, spent: once, timed: 1 });
  }
  for (let turn = 0; turn < 20; turn++) {
    for (const state of states) {
      if (state.spent + state.best * state.runs > budget) continue;
      const time = await timed(state.runner, state.runs);
      state.spent += time * state.runs;
      state.best = Math.min(state.best, time);
      state.timed++;
    }
  }
  return runners.map((runner) => states.find((state) => state.runner === runner));
}

function relativeError(y, reference) {
  let [difference, norm] = [0, 0];
  for (let i = 0; i < reference.length; i++) {
    difference += (y[i] - reference[i]) ** 2;
    norm += reference[i] ** 2;
  }
  return Math.sqrt(difference / norm);
}

/** The same inputs with time last: a sequence [1,T,C] as ONNX's [1,C,T]. */
function timeLast(inputs) {
  const entries = Object.entries(inputs).map(([name, { shape, data }]) => {
    const [batch, frames, channels] = shape;
    return [name, { shape: [batch, channels, frames], data: transposed(data, frames, channels) }];
  });
  return Object.fromEntries(entries);
}

/** Bytes of inputs, constants and result, each once. */
function bytesOf({ inputs, constants, output, peers: [{ operator }] }) {
  const used = Object.entries({ ...inputs, ...constants }).filter(([name]) => operator.inputs.includes(name));
  const shapes = [...used.map(([, { shape }]) => shape), output];
  return 4 * shapes.reduce((sum, shape) => sum + shape.reduce((product, extent) => product * extent, 1), 0);
}

/**
 * @param budget milliseconds for each implementation.
 * @param tolerance what a result may differ, as relative L2, from that of ONNX Runtime's WASM provider.
 * @returns times in milliseconds (of the WebGPU provider's variants, the fastest whose result is right), work,
 *   differences, and the variants whose result is wrong.
 */
export async function measure({ op, ...sizes }, budget, tolerance) {
  const subject = operators[op](sizes);
  const theirs = subject.sequence ? { ...subject, inputs: timeLast(subject.inputs) } : subject;
  const own = await ourRunner(subject);
  const peers = [];
  for (const build of ortGpu.keys()) {
    for (const peer of subject.peers) peers.push(await ortGpuRunner(build, peer, theirs));
  }
  const [ours, ...times] = await bestTimes([own, ...peers], budget, peers);
  const onProcessor = await ortWasmRunner(subject.peers[0], theirs);
  const [wasm] = await bestTimes([onProcessor], budget);
  const reference = await onProcessor.read();
  const y = await own.read();
  const channels = subject.output[1];
  const ordered = subject.sequence ? transposed(y, y.length / channels, channels) : y;
  const rivals = [];
  for (const [i, peer] of peers.entries()) {
    if (times[i] === undefined) continue;
    rivals.push({
      as: peer.name,
      webgpu: times[i].best,
      webgpuTimed: times[i].timed,
      peerDifference: relativeError(await peer.read(), reference),
    });
  }
  rivals.sort((a, b) => a.webgpu - b.webgpu);
  const fastest = rivals.find(({ peerDifference }) => peerDifference < tolerance) ?? rivals[0];
  const figures = {
    flops: subject.flops,
    bytes: bytesOf(subject),
    ours: ours.best,
    oursTimed: ours.timed,
    ...fastest,
    wasm: wasm.best,
    difference: relativeError(ordered, reference),
    wrong: rivals.filter(({ peerDifference }) => !(peerDifference < tolerance)).map(({ as }) => as),
  };
  for (const runner of [own, ...peers, onProcessor]) await runner.close();
  return figures;
}
