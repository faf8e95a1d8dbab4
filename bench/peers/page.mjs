// Measures one operator after another in the page: our kernels and ONNX Runtime Web's WebGPU and WASM providers.
import { requestBrowserAdapter } from '/dist/browser/adapter.js';
import { openGpu } from '/dist/runtime/gpu.js';
import { compilePlan, destroyPlan, readOutputs, runPlan, writeInput } from '/dist/runtime/plan.js';
import { input, output } from '/dist/runtime/recorder.js';
import { measureCeilings } from '../ceilings.mjs';
import { singleOperatorModel } from './onnx.mjs';
import { operators, transposed } from './operators.mjs';

const ortFolder = '/node_modules/onnxruntime-web/dist';
let gpu;
// Two copies of ONNX Runtime: the build with WebGPU is compiled so that it can wait for the GPU, which slows its WASM provider.
let ortGpu;
let ortWasm;

/** Opens our device and loads ONNX Runtime; says what is being compared. */
export async function open(build) {
  const { adapter } = await requestBrowserAdapter();
  gpu = await openGpu(adapter);
  ortGpu = await import(
    `${ortFolder}/${build === 'jsep' ? 'ort.bundle.min.mjs' : 'ort.webgpu.bundle.min.mjs'}`
  );
  ortWasm = await import(`${ortFolder}/ort.wasm.bundle.min.mjs`);
  for (const ort of [ortGpu, ortWasm]) {
    ort.env.wasm.wasmPaths = `${ortFolder}/`;
    ort.env.logLevel = 'error';
  }
  ortGpu.env.webgpu.powerPreference = 'high-performance';
  ortWasm.env.wasm.numThreads = navigator.hardwareConcurrency;
  const { vendor, architecture, description, isFallbackAdapter } = adapter.info;
  return {
    adapter: [vendor, architecture, description].filter(Boolean).join(' '),
    software: isFallbackAdapter,
    threads: crossOriginIsolated ? navigator.hardwareConcurrency : 1,
    versions: ortGpu.env.versions,
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

async function ortGpuRunner({ name, operator, layout = 'NCHW' }, subject) {
  const session = await ortGpu.InferenceSession.create(modelOf(operator, subject), {
    executionProviders: [{ name: 'webgpu', preferredLayout: layout }],
  });
  const device = await ortGpu.env.webgpu.device;
  const buffers = [];
  // ONNX Runtime reads and writes in place, without copies, where a tensor's buffer is its own device's.
  const tensor = (shape, data) => {
    const size = 4 * shape.reduce((product, extent) => product * extent, 1);
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const buffer = device.createBuffer({ size: Math.ceil(size / 16) * 16, usage });
    if (data) device.queue.writeBuffer(buffer, 0, data);
    buffers.push(buffer);
    return ortGpu.Tensor.fromGpuBuffer(buffer, { dataType: 'float32', dims: shape });
  };
  const feeds = Object.entries(subject.inputs).map(([key, { shape, data }]) => [key, tensor(shape, data)]);
  const y = tensor(subject.output);
  return {
    name,
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

/** Shortest time of a run in milliseconds, of runners that take turns until each has had its time; the first run compiles. */
async function bestTimes(runners, budget) {
  const timed = async (runner, runs) => {
    const started = performance.now();
    for (let i = 0; i < runs; i++) await runner.run();
    await runner.wait();
    return (performance.now() - started) / runs;
  };
  const states = [];
  for (const runner of runners) {
    await timed(runner, 1);
    const once = await timed(runner, 1);
    // Many short runs are waited for together: waiting takes a message to another process and back.
    const runs = Math.max(1, Math.min(50, Math.floor(budget / 10 / once)));
    states.push({ runner, best: once, runs, spent: once });
  }
  for (let turn = 0; turn < 20; turn++) {
    for (const state of states) {
      if (state.spent + state.best * state.runs > budget) continue;
      const time = await timed(state.runner, state.runs);
      state.spent += time * state.runs;
      state.best = Math.min(state.best, time);
    }
  }
  return states.map(({ best }) => best);
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

/** @returns times in milliseconds, work, and relative L2 differences between our result and theirs. */
export async function measure({ op, ...sizes }, budget) {
  const subject = operators[op](sizes);
  const theirs = subject.sequence ? { ...subject, inputs: timeLast(subject.inputs) } : subject;
  const runners = [await ourRunner(subject)];
  for (const peer of subject.peers) runners.push(await ortGpuRunner(peer, theirs));
  const [ours, ...peers] = await bestTimes(runners, budget);
  const wasm = await ortWasmRunner(subject.peers[0], theirs);
  const [wasmTime] = await bestTimes([wasm], budget);

  const results = await Promise.all([...runners, wasm].map((runner) => runner.read()));
  const [own, ...others] = results;
  const channels = subject.output[1];
  const y = subject.sequence ? transposed(own, own.length / channels, channels) : own;
  const differences = others.map((other) => relativeError(y, other));
  for (const runner of [...runners, wasm]) await runner.close();

  const tensors = [...Object.values(subject.inputs).map(({ shape }) => shape), subject.output];
  const used = new Set(subject.peers[0].operator.inputs);
  const weights = Object.entries(subject.constants).filter(([name]) => used.has(name));
  const floats = [...tensors, ...weights.map(([, { shape }]) => shape)].reduce(
    (sum, shape) => sum + shape.reduce((product, extent) => product * extent, 1),
    0,
  );
  const best = peers.indexOf(Math.min(...peers));
  return {
    flops: subject.flops,
    bytes: 4 * floats,
    ours,
    webgpu: peers[best],
    as: subject.peers[best].name,
    wasm: wasmTime,
    variants: Object.fromEntries(subject.peers.map(({ name }, i) => [name, peers[i]])),
    difference: Math.max(...differences),
    differences,
  };
}
