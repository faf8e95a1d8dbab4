import { messageOf } from '../errors.js';
import { shaders } from './shaders.generated.js';
import type { ShaderName } from './shaders.generated.js';

export type KernelName = ShaderName;

/**
 * What a WGSL file says of itself: its bindings, the fields of its `Params` uniform and its overrides. Read from the
 * source, so that names and order are written once, in the kernel.
 */
export interface KernelInterface {
  readonly bindings: readonly { name: string; binding: number; type: GPUBufferBindingType }[];
  /** Fields of `struct Params`, four bytes each, in order; the uniform is binding `params`. */
  readonly params: readonly { name: string; type: 'u32' | 'i32' | 'f32' }[];
  readonly overrides: readonly string[];
}

export interface CompiledKernel {
  readonly name: KernelName;
  readonly interface: KernelInterface;
  readonly layout: GPUBindGroupLayout;
  readonly pipeline: GPUComputePipeline;
}

/** Compiles a kernel for given override constants; each combination is compiled once a device. */
export type PipelineCache = (
  name: KernelName,
  constants: Readonly<Record<string, number>>,
) => Promise<CompiledKernel>;

/** Reads bindings, parameters and overrides from WGSL source (our own files: one entry point, group 0 only). */
export function readInterface(source: string): KernelInterface {
  const code = source.replace(/\/\/.*$/gm, '');
  const bindings = [
    ...code.matchAll(/@group\(0\)\s*@binding\((\d+)\)\s*var<(\w+)(?:,\s*(\w+))?>\s*(\w+)\s*:/g),
  ].map(([, binding, space, access, name]) => {
    const storage = access === 'read_write' ? 'storage' : 'read-only-storage';
    const type: GPUBufferBindingType = space === 'uniform' ? 'uniform' : storage;
    return { name: name ?? '', binding: Number(binding), type };
  });
  const struct = /struct\s+Params\s*\{([^}]*)\}/.exec(code)?.[1] ?? '';
  const params = [...struct.matchAll(/(\w+)\s*:\s*(u32|i32|f32)\b/g)].map(([, name, type]) => ({
    name: name ?? '',
    type: type as 'u32' | 'i32' | 'f32',
  }));
  const overrides = [...code.matchAll(/\boverride\s+(\w+)/g)].map(([, name]) => name ?? '');
  return { bindings, params, overrides };
}

const interfaces = new Map<KernelName, KernelInterface>();

export function kernelInterface(name: KernelName): KernelInterface {
  let known = interfaces.get(name);
  if (!known) interfaces.set(name, (known = readInterface(shaders[name])));
  return known;
}

export function createPipelineCache(device: GPUDevice): PipelineCache {
  const modules = new Map<KernelName, { module: GPUShaderModule; layout: GPUBindGroupLayout }>();
  const pipelines = new Map<string, Promise<CompiledKernel>>();

  /** Layouts are explicit: with `layout: 'auto'` Dawn compiles an identical pipeline again each time. */
  function moduleOf(name: KernelName) {
    let entry = modules.get(name);
    if (!entry) {
      const { bindings } = kernelInterface(name);
      entry = {
        module: device.createShaderModule({ label: name, code: shaders[name] }),
        layout: device.createBindGroupLayout({
          label: name,
          entries: bindings.map(({ binding, type }) => ({
            binding,
            visibility: GPUShaderStage.COMPUTE,
            buffer: { type },
          })),
        }),
      };
      modules.set(name, entry);
    }
    return entry;
  }

  async function compile(
    name: KernelName,
    constants: Readonly<Record<string, number>>,
  ): Promise<CompiledKernel> {
    const { module, layout } = moduleOf(name);
    const described = `${name} ${JSON.stringify(constants)}`;
    try {
      const pipeline = await device.createComputePipelineAsync({
        label: described,
        layout: device.createPipelineLayout({ label: name, bindGroupLayouts: [layout] }),
        compute: { module, entryPoint: 'main', constants: { ...constants } },
      });
      return { name, interface: kernelInterface(name), layout, pipeline };
    } catch (error) {
      const { messages } = await module.getCompilationInfo();
      const lines = messages.map((m) => `${name}.wgsl:${m.lineNum}:${m.linePos} ${m.message}`);
      throw new Error([`cannot compile ${described}: ${messageOf(error)}`, ...lines].join('\n'), {
        cause: error,
      });
    }
  }

  return (name, constants) => {
    const { overrides } = kernelInterface(name);
    for (const constant of Object.keys(constants)) {
      if (!overrides.includes(constant)) throw new Error(`${name}.wgsl has no override ${constant}`);
    }
    const key = `${name} ${JSON.stringify(Object.entries(constants).sort())}`;
    let pipeline = pipelines.get(key);
    if (!pipeline) pipelines.set(key, (pipeline = compile(name, constants)));
    return pipeline;
  };
}
