/** WebGPU in Node: Dawn (npm `webgpu`), and which of the machine's adapters it is to use. */
import { InputError, messageOf } from '../base/errors.js';
import type * as dawnModule from 'webgpu';
import { checkFileLimit } from './file-limit.js';
import { pollPatiently } from './patient-polls.js';
import { openQuiet } from './quiet.js';
import { vulkanLoads, withSwiftShader } from './software-vulkan.js';

export interface AdapterChoice {
  adapter: GPUAdapter;
  gpu: GPU;
  /** As the driver calls it, e.g. "NVIDIA GeForce RTX 4070" or "llvmpipe (LLVM 15.0.6, 256 bits)". */
  name: string;
  /** What Dawn drives it through: "vulkan", "metal", "d3d12". */
  backend: string;
  /** Whether it is a graphics card or the processor playing one. */
  kind: 'gpu' | 'software';
  /** One line for the user, where the choice is not what one would wish for. */
  notice?: string;
}

/** Dawn rounds timestamps to 65 µs unless told not to, too coarse to time a kernel. */
const DAWN_OPTIONS: readonly string[] = ['disable-dawn-features=timestamp_quantization'];

/** Dawn hides features that are not finished unless told to show them. */
const EXPERIMENTAL_OPTIONS: readonly string[] = ['enable-dawn-features=allow_unsafe_apis'];

/** What Dawn's create() returned: a device whose instance was collected crashes, so none ever is. */
const instances: GPU[] = [];

const NO_CARD = 'no graphics card found: computing on the processor with';
const LLVMPIPE = 'llvmpipe of Mesa 25 or newer (apt install mesa-vulkan-drivers)';
const HELP =
  "on Linux install the graphics card's Vulkan driver or, to compute on the processor, " +
  `${LLVMPIPE} or SwiftShader (npm install @sparticuz/chromium, x64 only)`;

interface Dawn extends Pick<typeof dawnModule, 'create'> {
  /** Runs what Dawn warns in at length: of limits that it lowers, of adapters that it cannot use. */
  readonly quietly: <T>(use: () => T) => T;
}

/** An adapter as Dawn lists it. */
interface Listed {
  name: string;
  backend: string;
}

async function loadDawn(options: readonly string[]): Promise<Dawn> {
  try {
    const dawn = await import('webgpu');
    Object.assign(globalThis, dawn.globals);
    pollPatiently();
    const quietly = await openQuiet();
    return { create: (more) => dawn.create([...options, ...more]), quietly };
  } catch (error) {
    const platform = `${process.platform}-${process.arch}`;
    throw new InputError(
      `WebGPU (the npm package "webgpu") does not load on ${platform}: ${messageOf(error)}`,
    );
  }
}

/** A Dawn instance and the adapter it gives: the one called `name`, or none where no adapter can be called that. */
async function open(dawn: Dawn, name: string): Promise<{ gpu: GPU; adapter: GPUAdapter | null }> {
  const { gpu, request } = dawn.quietly(() => {
    const gpu = dawn.create([`adapter=${name}`]);
    return { gpu, request: gpu.requestAdapter({ powerPreference: 'high-performance' }) };
  });
  instances.push(gpu);
  return { gpu, adapter: await request };
}

/** All adapters, the fastest first: Dawn lists them when asked for one that cannot exist. */
async function listAdapters(dawn: Dawn): Promise<Listed[]> {
  if (!vulkanLoads()) return [];
  try {
    await open(dawn, '?');
    return [];
  } catch (error) {
    const lines = messageOf(error).matchAll(/backend: '(.*?)', name: '(.*)'/g);
    return [...lines].map(([, backend = '', name = '']) => ({ backend, name }));
  }
}

/**
 * The first of the adapters listed that opens and is of `kind`. Without a kind a graphics card is preferred, wherever
 * in the list it is.
 */
async function find(
  dawn: Dawn,
  listed: readonly Listed[],
  kind?: AdapterChoice['kind'],
): Promise<AdapterChoice | undefined> {
  let processor: AdapterChoice | undefined;
  for (const { name, backend } of listed) {
    const { gpu, adapter } = await open(dawn, name).catch(() => ({ gpu: undefined, adapter: null }));
    if (!gpu || !adapter) continue;
    const opened = adapter.info.isFallbackAdapter ? 'software' : 'gpu';
    const choice: AdapterChoice = { adapter, gpu, name, backend, kind: opened };
    if (opened === (kind ?? 'gpu')) return choice;
    if (kind === undefined) processor ??= choice;
  }
  return processor;
}

function swiftShader(dawn: Dawn): Promise<AdapterChoice | undefined> {
  return withSwiftShader(async () => find(dawn, await listAdapters(dawn)));
}

async function choose(
  dawn: Dawn,
  wanted: string,
  listed: readonly Listed[],
): Promise<AdapterChoice | undefined> {
  switch (wanted) {
    case 'auto': {
      const found = await find(dawn, listed);
      if (found)
        return found.kind === 'gpu' ? found : { ...found, notice: `${NO_CARD} ${found.name}, slowly` };
      const last = await swiftShader(dawn);
      return last && { ...last, notice: `${NO_CARD} SwiftShader, slowly; ${LLVMPIPE} is faster` };
    }
    case 'gpu':
      return find(dawn, listed, 'gpu');
    case 'software':
      return (await find(dawn, listed, 'software')) ?? (await swiftShader(dawn));
    case 'swiftshader':
      return swiftShader(dawn);
    default:
      return find(
        dawn,
        listed.filter(({ name }) => name.toLowerCase().includes(wanted)),
      );
  }
}

/**
 * Opens an adapter of this machine.
 *
 * @param options.adapter `auto` (default): a graphics card, else as `software`, with a notice. `gpu`: a graphics card
 *   or nothing. `software`: the system's own (Mesa's llvmpipe), else SwiftShader. `swiftshader`: the one from npm.
 *   Anything else is a part of an adapter's name, such as `llvmpipe` or `nvidia`, in any case.
 * @param options.experimental shows features that Dawn calls experimental, for `openGpu` with `experimental`.
 * @param options.log is given the notice, if there is one.
 * @throws InputError where there is no such adapter: what was found, and how to get one; where the process may not
 *   write files as large as a software adapter needs.
 */
export async function requestNodeAdapter(
  options: { adapter?: string; experimental?: boolean; log?: (line: string) => void } = {},
): Promise<AdapterChoice> {
  const wanted = (options.adapter ?? 'auto').toLowerCase();
  const dawn = await loadDawn([...DAWN_OPTIONS, ...(options.experimental ? EXPERIMENTAL_OPTIONS : [])]);
  const listed = await listAdapters(dawn);
  let failure = '';
  const choice = await choose(dawn, wanted, listed).catch((error: unknown) => {
    failure = ` (SwiftShader: ${messageOf(error)})`;
    return undefined;
  });
  if (!choice) {
    const found = listed.map(({ name }) => name).join('; ') || 'none';
    throw new InputError(`no adapter for --adapter ${wanted}; found: ${found}${failure}; ${HELP}`);
  }
  if (choice.kind === 'software') checkFileLimit(choice.name);
  if (choice.notice !== undefined) options.log?.(choice.notice);
  return choice;
}
