import { messageOf } from '../base/errors.js';
import { shaders } from './shaders.generated.js';
import type { ShaderName } from './shaders.generated.js';

export type KernelName = ShaderName;

/**
 * What a WGSL file says of itself: its bindings, the fields of its `Params` uniform and its overrides. Read from the
 * source, so that names and order are written once, in the kernel.
 */
export interface KernelInterface {
  readonly bindings: readonly KernelBinding[];
  /** Fields of `struct Params`, four bytes each, in order; the uniform is binding `params`. */
  readonly params: readonly { name: string; type: 'u32' | 'i32' | 'f32' }[];
  readonly overrides: readonly string[];
  /**
   * Names of types, `alias NAME = f32;`, that a pipeline may have as f16: how its tensors are stored. Sums are f32
   * always.
   */
  readonly aliases: readonly string[];
}

export interface KernelBinding {
  readonly name: string;
  readonly binding: number;
  readonly type: GPUBufferBindingType;
  /** The alias that its elements are of, if one. */
  readonly alias?: string;
}

export interface CompiledKernel {
  readonly name: KernelName;
  readonly interface: KernelInterface;
  readonly layout: GPUBindGroupLayout;
  readonly pipeline: GPUComputePipeline;
}

/**
 * Compiles a kernel for given override constants and aliases that are f16; each combination is compiled once a device.
 */
export type PipelineCache = (
  name: KernelName,
  constants: Readonly<Record<string, number>>,
  halves?: readonly string[],
) => Promise<CompiledKernel>;

/**
 * Reads bindings, parameters, overrides and aliases from WGSL source (our own files: one entry point, group 0 only).
 */
export function readInterface(source: string): KernelInterface {
  const code = source.replace(/\/\/.*$/gm, '');
  const aliases = [...code.matchAll(/\balias\s+(\w+)\s*=\s*f32;/g)].map(([, name]) => name ?? '');
  const bindings = [
    ...code.matchAll(/@group\(0\)\s*@binding\((\d+)\)\s*var<(\w+)(?:,\s*(\w+))?>\s*(\w+)\s*:([^;]*);/g),
  ].map(([, binding, space, access, name, stored]): KernelBinding => {
    const storage = access === 'read_write' ? 'storage' : 'read-only-storage';
    const type: GPUBufferBindingType = space === 'uniform' ? 'uniform' : storage;
    const alias = stored?.match(/\w+/g)?.find((word) => aliases.includes(word));
    return { name: name ?? '', binding: Number(binding), type, ...(alias && { alias }) };
  });
  const struct = /struct\s+Params\s*\{([^}]*)\}/.exec(code)?.[1] ?? '';
  const params = [...struct.matchAll(/(\w+)\s*:\s*(u32|i32|f32)\b/g)].map(([, name, type]) => ({
    name: name ?? '',
    type: type as 'u32' | 'i32' | 'f32',
  }));
  const overrides = [...code.matchAll(/\boverride\s+(\w+)/g)].map(([, name]) => name ?? '');
  return { bindings, params, overrides, aliases };
}

/** The source with some aliases f16. Line numbers stay. */
export function withHalves(source: string, halves: readonly string[]): string {
  const replaced = halves.reduce(
    (code, name) => code.replace(`alias ${name} = f32;`, `alias ${name} = f16;`),
    source,
  );
  return halves.length > 0 ? `enable f16; ${replaced}` : source;
}

/** Where a line of a kernel's built text, counted from 1, is written: `FILE:LINE` under shaders/. */
export function placeOf(name: KernelName, line: number, source: string = shaders[name]): string {
  const before = source.split('\n').slice(0, line - 1);
  const marker = before.findLastIndex((text) => text.startsWith('//# '));
  const [, file, first] = /^\/\/# (.*):(\d+)$/.exec(before[marker] ?? '') ?? [undefined, `${name}.wgsl`, '1'];
  return `${file}:${Number(first) + line - 2 - marker}`;
}

const interfaces = new Map<KernelName, KernelInterface>();

export function kernelInterface(name: KernelName): KernelInterface {
  let known = interfaces.get(name);
  if (!known) interfaces.set(name, (known = readInterface(shaders[name])));
  return known;
}

export function createPipelineCache(device: GPUDevice): PipelineCache {
  const modules = new Map<string, { module: GPUShaderModule; layout: GPUBindGroupLayout }>();
  const pipelines = new Map<string, Promise<CompiledKernel>>();

  /** Layouts are explicit: with `layout: 'auto'` Dawn compiles an identical pipeline again each time. */
  function moduleOf(name: KernelName, halves: readonly string[]) {
    const key = [name, ...halves].join(' ');
    let entry = modules.get(key);
    if (!entry) {
      const { bindings } = kernelInterface(name);
      entry = {
        module: device.createShaderModule({ label: key, code: withHalves(shaders[name], halves) }),
        layout: device.createBindGroupLayout({
          label: name,
          entries: bindings.map(({ binding, type }) => ({
            binding,
            visibility: GPUShaderStage.COMPUTE,
            buffer: { type },
          })),
        }),
      };
      modules.set(key, entry);
    }
    return entry;
  }

  async function compile(
    name: KernelName,
    constants: Readonly<Record<string, number>>,
    halves: readonly string[],
  ): Promise<CompiledKernel> {
    const { module, layout } = moduleOf(name, halves);
    const described = [name, JSON.stringify(constants), ...halves.map((alias) => `${alias}=f16`)].join(' ');
    try {
      const pipeline = await device.createComputePipelineAsync({
        label: described,
        layout: device.createPipelineLayout({ label: name, bindGroupLayouts: [layout] }),
        compute: { module, entryPoint: 'main', constants: { ...constants } },
      });
      return { name, interface: kernelInterface(name), layout, pipeline };
    } catch (error) {
      const { messages } = await module.getCompilationInfo();
      const lines = messages.map((m) => `${placeOf(name, m.lineNum)}:${m.linePos} ${m.message}`);
      throw new Error([`cannot compile ${described}: ${messageOf(error)}`, ...lines].join('\n'), {
        cause: error,
      });
    }
  }

  return (name, constants, halves = []) => {
    const { overrides } = kernelInterface(name);
    for (const constant of Object.keys(constants)) {
      if (!overrides.includes(constant)) throw new Error(`${name}.wgsl has no override ${constant}`);
    }
    const key = [name, JSON.stringify(Object.entries(constants).sort()), ...halves].join(' ');
    let pipeline = pipelines.get(key);
    if (!pipeline) {
      pipelines.set(key, (pipeline = compile(name, constants, halves)));
      // Who asks again after a failure shall have another try.
      pipeline.catch(() => pipelines.delete(key));
    }
    return pipeline;
  };
}
