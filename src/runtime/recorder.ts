import type { Gpu } from './gpu.js';
import { createTensor, destroyTensor, uploadTensor } from './gpu.js';
import { kernelInterface } from './kernel.js';
import type { Dispatch } from './launch.js';
import { boundTensors, halvesOf } from './launch.js';
import type { Scope } from './scope.js';
import { own } from './scope.js';
import type { Tape } from './tape-notes.js';
import type { Precision, Tensor } from './tensor.js';
import { describe } from './tensor.js';

/**
 * A plan being recorded. Operators take it as their first argument, ask it for scratch memory and add dispatches to it;
 * nothing runs yet. `compilePlan` makes one and turns the recording into a `Plan`.
 */
export interface Recorder {
  readonly gpu: Gpu;
  readonly label: string;
  readonly dispatches: Dispatch[];
  readonly inputs: Map<string, Tensor>;
  /** Tensors to be read after a run: the plan's results, and inner tensors asked for by name. */
  readonly outputs: Map<string, Tensor>;
  /** Of the plan: what it made itself is freed with it. */
  readonly scope: Scope;
  scratchCount: number;
  /** Whether the inner tensor of this name shall be readable after a run. */
  readonly wantsTap: (name: string) => boolean;
  /** Notes what operators compute, for `backward`; none outside of training. See tape.ts. */
  tape?: Tape | undefined;
}

/** Declares an input: memory that `writeInput` fills before a run. */
export function input(rec: Recorder, name: string, shape: readonly number[], precision?: Precision): Tensor {
  if (rec.inputs.has(name)) throw new Error(`plan ${rec.label} has two inputs called ${name}`);
  const tensor = createTensor(rec.gpu, name, shape, precision);
  rec.inputs.set(name, tensor);
  return own(rec.scope, tensor, () => destroyTensor(rec.gpu, tensor));
}

/** A constant that belongs to this plan (a table, a zero bias), uploaded now. */
export function constant(
  rec: Recorder,
  label: string,
  shape: readonly number[],
  data: Float32Array<ArrayBuffer>,
): Tensor {
  const tensor = uploadTensor(rec.gpu, label, shape, data);
  return own(rec.scope, tensor, () => destroyTensor(rec.gpu, tensor));
}

/** Memory for an intermediate result; its buffer is shared with tensors that live at other times. */
export function scratch(
  rec: Recorder,
  label: string,
  shape: readonly number[],
  precision?: Precision,
): Tensor {
  return {
    label,
    shape,
    ...(precision && { precision }),
    memory: { kind: 'scratch', id: rec.scratchCount++ },
  };
}

/** Declares a result of the plan, readable after each run under this name. */
export function output(rec: Recorder, name: string, tensor: Tensor): Tensor {
  if (rec.outputs.has(name)) throw new Error(`plan ${rec.label} has two outputs called ${name}`);
  rec.outputs.set(name, tensor);
  return tensor;
}

/**
 * Gives an inner tensor its checkpoint name (`convs.3`, `blocks.0.attn`). It costs nothing unless somebody asked to see
 * it; then it keeps its memory to the end of the run and can be read like an output.
 */
export function tap(rec: Recorder, name: string, tensor: Tensor): Tensor {
  if (rec.wantsTap(name) && !rec.outputs.has(name)) rec.outputs.set(name, tensor);
  return tensor;
}

/** Adds a kernel launch. Throws when names do not match the kernel's or the grid exceeds WebGPU's limit. */
export function dispatch(rec: Recorder, launch: Dispatch): void {
  const { bindings, params } = kernelInterface(launch.kernel);
  const where = () => `${launch.kernel}(${boundTensors(launch).map(describe).join(', ')})`;
  const compare = (what: string, expected: readonly string[], given: readonly string[]) => {
    const missing = expected.filter((name) => !given.includes(name));
    const unknown = given.filter((name) => !expected.includes(name));
    if (missing.length || unknown.length) {
      throw new Error(`${where()}: ${what} missing: [${missing.join()}], unknown: [${unknown.join()}]`);
    }
  };
  const tensors = bindings.filter(({ type }) => type !== 'uniform').map(({ name }) => name);
  compare('bindings', tensors, Object.keys(launch.bindings));
  compare(
    'params',
    params.map(({ name }) => name),
    Object.keys(launch.params),
  );
  halvesOf(launch);
  const most = rec.gpu.device.limits.maxComputeWorkgroupsPerDimension;
  if (launch.workgroups.some((count = 1) => !Number.isInteger(count) || count < 1 || count > most)) {
    throw new RangeError(`${where()}: impossible grid of workgroups ${launch.workgroups.join('×')}`);
  }
  rec.dispatches.push(launch);
}

/**
 * The grid for a kernel that gives each invocation one element: `count` invocations in workgroups of `workgroupSize`,
 * folded into two dimensions where one would exceed 65535 workgroups. The kernel finds its element as
 * `(workgroup_id.y * num_workgroups.x + workgroup_id.x) * workgroupSize + local_invocation_index` and must check it
 * against the count.
 */
export function flatGrid(count: number, workgroupSize: number): [number, number] {
  const workgroups = Math.max(1, Math.ceil(count / workgroupSize));
  const rows = Math.ceil(workgroups / 65535);
  return [Math.ceil(workgroups / rows), rows];
}
