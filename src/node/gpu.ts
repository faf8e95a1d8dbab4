/** WebGPU in Node: Dawn (npm `webgpu`), and which of the machine's adapters it is to use. */
import { InputError, messageOf } from '../errors.js';
import type * as dawnModule from 'webgpu';
import { withSwiftShader } from './software-vulkan.js';

export interface AdapterChoice {
  adapter: GPUAdapter;
  gpu: GPU;
  /** As the driver calls it, e.g. "NVIDIA H100" or "llvmpipe (LLVM 15.0.6, 256 bits)". */
  name: string;
  /** Whether it is a graphics card or the processor playing one. */
  kind: 'gpu' | 'software';
  /** One line for the user, where the choice is not what one would wish for. */
  notice?: string;
}

/** Dawn rounds timestamps to 65 µs unless told not to, too coarse to time a kernel. */
const DAWN_OPTIONS: readonly string[] = ['disable-dawn-features=timestamp_quantization'];

/** What Dawn's create() returned: a device whose instance was collected crashes, so none ever is. */
const instances: GPU[] = [];

type Dawn = typeof dawnModule;

async function loadDawn(): Promise<Dawn> {
  try {
    const dawn = await import('webgpu');
    Object.assign(globalThis, dawn.globals);
    return dawn;
  } catch (error) {
    const platform = `${process.platform}-${process.arch}`;
    throw new InputError(
      `WebGPU (the npm package "webgpu") does not load on ${platform}: ${messageOf(error)}`,
    );
  }
}

/** The names of all adapters: Dawn tells them when asked for one that cannot exist. */
async function adapterNames(dawn: Dawn): Promise<string[]> {
  try {
    const gpu = dawn.create(['adapter=?']);
    instances.push(gpu);
    await gpu.requestAdapter();
    return [];
  } catch (error) {
    return [...messageOf(error).matchAll(/name: '(.*)'/g)].map((match) => match[1] ?? '');
  }
}

/** The adapter called `name`, or Dawn's own choice: the fastest card, and the processor only where there is none. */
async function open(dawn: Dawn, name?: string): Promise<AdapterChoice | undefined> {
  const gpu = dawn.create([...DAWN_OPTIONS, ...(name === undefined ? [] : [`adapter=${name}`])]);
  instances.push(gpu);
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' }).catch(() => null);
  if (!adapter) return undefined;
  const kind = adapter.info.isFallbackAdapter ? 'software' : 'gpu';
  return { adapter, gpu, name: name ?? (adapter.info.description || adapter.info.device), kind };
}

/** The first adapter of the system that `accept` takes. */
async function find(
  dawn: Dawn,
  names: readonly string[],
  accept: (choice: AdapterChoice) => boolean,
): Promise<AdapterChoice | undefined> {
  for (const name of names) {
    const choice = await open(dawn, name);
    if (choice && accept(choice)) return choice;
  }
  return undefined;
}

async function swiftShader(dawn: Dawn): Promise<AdapterChoice | undefined> {
  return withSwiftShader(() => open(dawn, 'SwiftShader'));
}

const HELP =
  'on Linux install the graphics card\'s Vulkan driver, or for the processor "apt install mesa-vulkan-drivers" ' +
  '(Mesa 25 or newer) or "npm install @sparticuz/chromium" (x64)';

/**
 * Opens an adapter.
 *
 * @param options.adapter `auto` (default): a graphics card, else the system's software adapter (Mesa's llvmpipe), else
 *   SwiftShader from npm. `gpu`: a graphics card or nothing. `software`: llvmpipe, else SwiftShader. `swiftshader`,
 *   `llvmpipe` or any other part of an adapter's name: that one.
 * @param options.log is given the notice, if there is one.
 * @throws InputError where there is no such adapter: what was found, and how to get one.
 */
export async function requestNodeAdapter(
  options: { adapter?: string; log?: (line: string) => void } = {},
): Promise<AdapterChoice> {
  const wanted = (options.adapter ?? 'auto').toLowerCase();
  const dawn = await loadDawn();
  const choice = await choose(dawn, wanted);
  if (choice) {
    if (choice.notice !== undefined) options.log?.(choice.notice);
    return choice;
  }
  const names = await adapterNames(dawn);
  const found = names.length > 0 ? names.join('; ') : 'none';
  throw new InputError(`no WebGPU adapter for --adapter ${wanted}; found: ${found}; ${HELP}`);
}

async function choose(dawn: Dawn, wanted: string): Promise<AdapterChoice | undefined> {
  switch (wanted) {
    case 'auto': {
      const system = await open(dawn);
      if (system?.kind === 'gpu') return system;
      if (system)
        return { ...system, notice: `no GPU found: computing on the processor with ${system.name}` };
      const fallback = await swiftShader(dawn);
      return (
        fallback && {
          ...fallback,
          notice: `no Vulkan driver found: computing on the processor with SwiftShader`,
        }
      );
    }
    case 'gpu':
      return find(dawn, await adapterNames(dawn), (choice) => choice.kind === 'gpu');
    case 'software':
      return (
        (await find(dawn, await adapterNames(dawn), (choice) => choice.kind === 'software')) ??
        (await swiftShader(dawn))
      );
    case 'swiftshader':
      return swiftShader(dawn);
    default: {
      const names = (await adapterNames(dawn)).filter((name) => name.toLowerCase().includes(wanted));
      return find(dawn, names, () => true);
    }
  }
}
