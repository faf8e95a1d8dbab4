import type { Gpu } from './gpu.js';
import { uploadTensor, createTensor } from './gpu.js';
import type { KernelName } from './kernel.js';
import { kernelInterface } from './kernel.js';
import type { Precision, Tensor } from './tensor.js';
import { describe } from './tensor.js';

/** One kernel launch: names are those in the WGSL file. */
export interface Dispatch {
  readonly kernel: KernelName;
  /** Pipeline constants (`override`s): structure, such as a kernel size or an activation. Few combinations. */
  readonly constants?: Readonly<Record<string, number>>;
  /** Fields of the kernel's `Params`: sizes and scales. */
  readonly params: Readonly<Record<string, number>>;
  /** Undefined where the parameters say that there is nothing to read. */
  readonly bindings: Readonly<Record<string, Tensor | undefined>>;
  readonly workgroups: readonly [number, number?, number?];
}

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
  /** Persistent tensors the plan made itself, freed with it. */
  readonly owned: Tensor[];
  scratchCount: number;
  /** Whether the inner tensor of this name shall be readable after a run. */
  readonly wantsTap: (name: string) => boolean;
}

/** Declares an input: memory that `writeInput` fills before a run. */
export function input(rec: Recorder, name: string, shape: readonly number[], precision?: Precision): Tensor {
  if (rec.inputs.has(name)) throw new Error(`plan ${rec.label} has two inputs called ${name}`);
  const tensor = createTensor(rec.gpu, name, shape, precision);
  rec.inputs.set(name, tensor);
  rec.owned.push(tensor);
  return tensor;
}

/** A constant that belongs to this plan (a table, a zero bias), uploaded now. */
export function constant(
  rec: Recorder,
  label: string,
  shape: readonly number[],
  data: Float32Array<ArrayBuffer>,
): Tensor {
  const tensor = uploadTensor(rec.gpu, label, shape, data);
  rec.owned.push(tensor);
  return tensor;
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

/** The tensors of a launch. */
export function boundTensors({ bindings }: Pick<Dispatch, 'bindings'>): Tensor[] {
  return Object.values(bindings).filter((tensor) => tensor !== undefined);
}

/**
 * The kernel's aliases that are f16 in this launch, as the tensors bound to them are.
 *
 * @throws Error when an alias has tensors of both kinds, or a binding that is f32 in the kernel has one of f16.
 */
export function halvesOf({ kernel, bindings }: Pick<Dispatch, 'kernel' | 'bindings'>): string[] {
  const { aliases, bindings: declared } = kernelInterface(kernel);
  const stored = (alias: string | undefined) =>
    declared.flatMap((binding) => (binding.alias === alias ? (bindings[binding.name] ?? []) : []));
  const isHalf = ({ precision }: Tensor) => precision === 'f16';
  const fixed = stored(undefined).find(isHalf);
  if (fixed) throw new Error(`${kernel}: ${describe(fixed)} is bound where the kernel reads f32`);
  return aliases.filter((alias) => {
    const tensors = stored(alias);
    const halves = tensors.filter(isHalf);
    if (halves.length > 0 && halves.length < tensors.length) {
      throw new Error(
        `${kernel}: all ${alias} of a launch are of one precision: ${tensors.map(describe).join(', ')}`,
      );
    }
    return halves.length > 0;
  });
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
