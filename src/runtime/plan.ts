import { assignSlots } from './arena.js';
import type { Gpu } from './gpu.js';
import { createBuffer, destroyBuffer, guarded, settle, tensorUsage, writeTensor } from './gpu.js'; // prettier-ignore
import type { CompiledKernel } from './kernel.js';
import type { Dispatch } from './launch.js';
import { boundTensors, halvesOf } from './launch.js';
import { readTensors } from './read-back.js';
import type { Recorder } from './recorder.js';
import type { Scope } from './scope.js';
import { building, closeScope, own } from './scope.js';
import type { Step } from './step.js';
import { encodeStep } from './step.js';
import type { Tensor } from './tensor.js';
import { bytesOf, describe } from './tensor.js';
import { beginSpan, runTraced } from './trace.js';
import { dealtOut, mostOperations, operationsOf } from './work.js';

/**
 * A recorded list of dispatches, ready to run again and again: pipelines compiled, memory assigned, parameters
 * uploaded, bind groups made. A run is: write the inputs, `runPlan`, read the outputs.
 */
export interface Plan {
  readonly gpu: Gpu;
  readonly label: string;
  readonly steps: readonly Step[];
  readonly inputs: ReadonlyMap<string, Tensor>;
  readonly outputs: ReadonlyMap<string, Tensor>;
  /** Bytes of scratch memory (shared slots), for the curious. */
  readonly scratchBytes: number;
  /** What is freed with the plan. */
  readonly scope: Scope;
}

export interface PlanOptions {
  /** Inner tensors to keep readable, by checkpoint name: `true` keeps all of them. */
  readonly taps?: readonly string[] | true;
}

/** A trace has room for the timestamps of so many launches in a submission. */
const mostLaunches = 1024;

/**
 * Records and compiles a plan.
 *
 * @param within frees the plan when it is closed, if that has not been done before.
 * @throws Error naming kernel and shapes when a kernel does not compile or a launch is invalid.
 */
export function compilePlan(
  gpu: Gpu,
  label: string,
  record: (rec: Recorder) => void,
  { taps = [], within }: PlanOptions & { readonly within?: Scope } = {},
): Promise<Plan> {
  return building(async (scope) => {
    const rec: Recorder = {
      gpu,
      label,
      dispatches: [],
      inputs: new Map(),
      outputs: new Map(),
      scope,
      scratchCount: 0,
      wantsTap: (name) => taps === true || taps.includes(name),
    };
    record(rec);
    const memory = assignMemory(rec);
    const kernels = await Promise.all(
      rec.dispatches.map((launch) => gpu.pipelines(launch.kernel, launch.constants ?? {}, halvesOf(launch))),
    );
    const uniforms = writeUniforms(rec, kernels);
    const steps = kernels.map((kernel, index) => bindStep(rec, kernel, index, memory.rangeOf, uniforms));
    await settle(gpu);
    const { outputs, scratchBytes } = memory;
    return { gpu, label, steps, inputs: rec.inputs, outputs, scratchBytes, scope };
  }, within);
}

/** A buffer of the plan's own. */
function ownBuffer({ gpu, scope }: Recorder, label: string, bytes: number, usage: GPUBufferUsageFlags) {
  return own(scope, createBuffer(gpu, label, bytes, usage), (buffer) => destroyBuffer(gpu, buffer));
}

function bindStep(
  rec: Recorder,
  kernel: CompiledKernel,
  index: number,
  rangeOf: (tensor: Tensor) => GPUBufferBinding,
  uniformOf: (index: number) => GPUBufferBinding,
): Step {
  const launch = rec.dispatches[index];
  if (!launch) throw new Error(`plan ${rec.label} has no launch ${index}`);
  const [x, y = 1, z = 1] = launch.workgroups;
  const label = `${rec.label}/${launch.kernel}(${boundTensors(launch).map(describe).join(', ')})`;
  const entries = kernel.interface.bindings.map(({ name, binding, type }): GPUBindGroupEntry => {
    const tensor = launch.bindings[name];
    if (tensor) return { binding, resource: rangeOf(tensor) };
    // The parameters; they stand in for tensors not given as well, for something must be bound.
    if (type === 'uniform' || type === 'read-only-storage') return { binding, resource: uniformOf(index) };
    throw new Error(`${label} has no ${name}`);
  });
  const { device } = rec.gpu;
  const bindGroup = guarded(rec.gpu, label, () =>
    device.createBindGroup({ label, layout: kernel.layout, entries }),
  );
  return { kernel, launch, label, bindGroup, workgroups: [x, y, z] };
}

/** Gives outputs buffers of their own and all other scratch tensors a shared slot for their lifetime. */
function assignMemory(rec: Recorder) {
  const uses = new Map<number, { tensor: Tensor; first: number; last: number }>();
  rec.dispatches.forEach((launch, index) => {
    for (const tensor of boundTensors(launch)) {
      if (tensor.memory.kind !== 'scratch') continue;
      const use = uses.get(tensor.memory.id);
      uses.set(tensor.memory.id, { tensor, first: use?.first ?? index, last: index });
    }
  });
  const buffers = new Map<number, GPUBuffer>();
  const allocate = (label: string, bytes: number) => ownBuffer(rec, label, bytes, tensorUsage());
  const outputs = new Map<string, Tensor>();
  for (const [name, tensor] of rec.outputs) {
    const { memory } = tensor;
    if (memory.kind === 'buffer') {
      outputs.set(name, tensor);
      continue;
    }
    const buffer = buffers.get(memory.id) ?? allocate(name, bytesOf(tensor));
    buffers.set(memory.id, buffer);
    outputs.set(name, { ...tensor, label: name, memory: { kind: 'buffer', buffer } });
  }
  const shared = [...uses].filter(([id]) => !buffers.has(id));
  const { slotOf, slotBytes } = assignSlots(
    shared.map(([, { tensor, first, last }]) => ({ bytes: bytesOf(tensor), first, last })),
  );
  const slots = slotBytes.map((bytes, slot) => allocate(`${rec.label} scratch ${slot}`, bytes));
  shared.forEach(([id], index) => {
    const slot = slots[slotOf[index] ?? -1];
    if (slot) buffers.set(id, slot);
  });
  const rangeOf = (tensor: Tensor): GPUBufferBinding => {
    const { memory } = tensor;
    if (memory.kind === 'buffer') {
      const { buffer, offset } = memory;
      return offset === undefined ? { buffer } : { buffer, offset, size: Math.ceil(bytesOf(tensor) / 4) * 4 };
    }
    const buffer = buffers.get(memory.id);
    if (!buffer) throw new Error(`${describe(tensor)} of plan ${rec.label} has no memory`);
    return { buffer };
  };
  return { outputs, rangeOf, scratchBytes: slots.reduce((sum, slot) => sum + slot.size, 0) };
}

/** All launches' parameters in one uniform buffer, each at an aligned offset. */
function writeUniforms(rec: Recorder, kernels: readonly CompiledKernel[]) {
  const align = rec.gpu.device.limits.minUniformBufferOffsetAlignment;
  const sizes = kernels.map((kernel) => Math.max(16, Math.ceil(kernel.interface.params.length / 4) * 16));
  const offsets: number[] = [];
  let bytes = 0;
  for (const size of sizes) {
    offsets.push(bytes);
    bytes += Math.ceil(size / align) * align;
  }
  const view = new DataView(new ArrayBuffer(Math.max(bytes, align)));
  rec.dispatches.forEach((launch, index) => {
    kernels[index]?.interface.params.forEach(({ name, type }, field) => {
      const at = (offsets[index] ?? 0) + field * 4;
      const value = launch.params[name] ?? 0;
      if (type === 'f32') view.setFloat32(at, value, true);
      else if (type === 'i32') view.setInt32(at, value, true);
      else view.setUint32(at, checkedCount(launch, name, value), true);
    });
  });
  const usage = GPUBufferUsage.UNIFORM | GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST;
  const buffer = ownBuffer(rec, `${rec.label} parameters`, view.byteLength, usage);
  rec.gpu.device.queue.writeBuffer(buffer, 0, view.buffer);
  return (index: number): GPUBufferBinding => ({
    buffer,
    offset: offsets[index] ?? 0,
    size: sizes[index] ?? 16,
  });
}

function checkedCount(launch: Dispatch, name: string, value: number): number {
  if (!Number.isInteger(value) || value < 0 || value >= 2 ** 32) {
    throw new RangeError(`${launch.kernel}: parameter ${name} = ${value} is no u32`);
  }
  return value;
}

/** Fills an input of the plan; takes effect for the runs after it. */
export function writeInput(plan: Plan, name: string, data: Float32Array<ArrayBuffer>): void {
  const tensor = plan.inputs.get(name);
  if (!tensor) throw new Error(`plan ${plan.label} has no input ${name}`);
  writeTensor(plan.gpu, tensor, data);
}

/** The memory of an output, for another plan to read. */
export function outputTensor(plan: Plan, name: string): Tensor {
  const tensor = plan.outputs.get(name);
  if (!tensor) throw new Error(`plan ${plan.label} has no output ${name}`);
  return tensor;
}

/** Submits all launches, in order. Returns at once; reading an output waits for them. */
export function runPlan(plan: Plan): void {
  const { gpu, label } = plan;
  const end = beginSpan(gpu, `submit ${label}`);
  guarded(gpu, label, () => submitAll(plan));
  end();
}

function submitAll(plan: Plan): void {
  // A launch that hardly computes is counted too, so that there are never more than a trace has room for.
  const workOf = ({ launch }: Step) => Math.max(operationsOf(launch), mostOperations / mostLaunches);
  for (const steps of dealtOut(plan.steps, workOf, mostOperations)) submitSteps(plan, steps);
}

function submitSteps(plan: Plan, steps: readonly Step[]): void {
  const { gpu, label } = plan;
  if (gpu.trace) return runTraced(gpu, label, steps, gpu.trace);
  const encoder = gpu.device.createCommandEncoder({ label });
  const pass = encoder.beginComputePass({ label });
  for (const step of steps) encodeStep(pass, step);
  pass.end();
  gpu.device.queue.submit([encoder.finish()]);
}

/** Reads outputs by name, in one submission. */
export async function readOutputs<Name extends string>(
  plan: Plan,
  names: readonly Name[],
): Promise<Record<Name, Float32Array<ArrayBuffer>>> {
  const tensors = names.map((name) => outputTensor(plan, name));
  const data = await readTensors(plan.gpu, tensors);
  return Object.fromEntries(names.map((name, index) => [name, data[index]])) as Record<
    Name,
    Float32Array<ArrayBuffer>
  >;
}

/** Frees the plan's memory, outputs included. */
export function destroyPlan(plan: Plan): void {
  closeScope(plan.scope);
}
