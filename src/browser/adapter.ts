import { NoWebGpuError } from './errors.js';
import { browserOf, type Browser } from './user-agent.js';

export interface BrowserAdapter {
  readonly adapter: GPUAdapter;
  /** As far as the browser tells: "nvidia ampere", "google swiftshader". */
  readonly name: string;
  /** Whether it is the processor playing a graphics card. */
  readonly software: boolean;
}

/** What the advice depends on. */
export interface Surroundings {
  readonly userAgent: string;
  /** `isSecureContext`: WebGPU exists only on https, on localhost and in extensions. */
  readonly secure: boolean;
  readonly origin: string;
  /** Whether `navigator.gpu` exists: the browser knows WebGPU but gives no adapter. */
  readonly api: boolean;
}

/**
 * The fastest adapter that the browser gives, in a page or a worker.
 *
 * @throws NoWebGpuError
 */
export async function requestBrowserAdapter(): Promise<BrowserAdapter> {
  // Older browsers lack what the types promise.
  const gpu = (navigator as { gpu?: GPU }).gpu;
  const adapter =
    (await gpu?.requestAdapter({ powerPreference: 'high-performance' })) ??
    (await gpu?.requestAdapter({ forceFallbackAdapter: true }));
  if (!adapter) {
    const { userAgent } = navigator;
    const surroundings = {
      userAgent,
      secure: isSecureContext,
      origin: location.origin,
      api: gpu !== undefined,
    };
    throw new NoWebGpuError(whyNoWebGpu(surroundings));
  }
  return { adapter, ...describeAdapter(adapter.info) };
}

/** A name and a kind from what the browser says of an adapter, which may be nothing. */
export function describeAdapter(
  info: Partial<Pick<GPUAdapterInfo, 'vendor' | 'architecture' | 'description' | 'isFallbackAdapter'>>,
): { name: string; software: boolean } {
  const { vendor = '', architecture = '', description = '', isFallbackAdapter = false } = info;
  const parts = [vendor, architecture].filter((part) => part !== '');
  const name = parts.join(' ') || description || 'a graphics card the browser does not name';
  const software = isFallbackAdapter || /swiftshader|llvmpipe|basic render/i.test(`${name} ${description}`);
  return { name, software };
}

/** Why there is no WebGPU and what to do about it: one line. */
export function whyNoWebGpu({ userAgent, secure, origin, api }: Surroundings): string {
  if (!secure) {
    return `WebGPU works only on secure pages, and ${origin} is not one: open this page by https:// or from localhost`;
  }
  const browser = browserOf(userAgent);
  return api ? withoutAdapter(browser) : withoutApi(browser);
}

/** The browser knows WebGPU but offers no adapter. */
function withoutAdapter({ name, system }: Browser): string {
  if (name === 'Chrome' || name === 'Edge') {
    const scheme = name === 'Edge' ? 'edge' : 'chrome';
    const linux =
      system === 'Linux'
        ? `; on Linux also enable ${scheme}://flags/#enable-unsafe-webgpu and #enable-vulkan`
        : '';
    return (
      `${name} found no graphics card for WebGPU: switch on graphics acceleration in ${scheme}://settings/system ` +
      `and update the graphics driver${linux}; ${scheme}://gpu says why`
    );
  }
  const help =
    name === 'Firefox'
      ? 'switch on hardware acceleration in its settings and update the graphics driver; about:support says why'
      : 'update the system, or use a device with a newer graphics card';
  return `${name} found no graphics card for WebGPU: ${help}`;
}

/** The browser does not know WebGPU, or not on this system. */
function withoutApi({ name, version, system }: Browser): string {
  const here = version === undefined ? name : `${name} ${version}`;
  if (system === 'iOS') {
    return `${here} has no WebGPU here: on iPhones and iPads every browser gets it from the system, from version 26 on; update iOS`;
  }
  switch (name) {
    case 'Safari':
      return `${here} has no WebGPU: Safari has it from version 26 on (update macOS or iPadOS), Chrome and Edge on older systems too`;
    case 'Firefox':
      return (
        `${here} has no WebGPU on ${system}: Firefox has it on Windows from version 141 on and on Macs with Apple silicon ` +
        `from 145 on; update it, or use Chrome or Edge`
      );
    case 'Chrome':
    case 'Edge':
      return `${here} has no WebGPU: ${name} has it from version 113 on (on Android from 121 on); update it`;
    default:
      return `${here} has no WebGPU: use a current Chrome, Edge, Safari or Firefox`;
  }
}
