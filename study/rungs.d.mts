import type { readInterface } from '../src/runtime/kernel.js';

export interface Rung {
  /** Under `study/`, without `.wgsl`. */
  readonly file: string;
  readonly title: string;
  readonly tile: readonly [number, number];
  /** Whether it takes inputs only in fours. */
  readonly fours?: true;
}

export interface Launch {
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  readonly workgroups: readonly [number, number];
}

export const productRungs: readonly Rung[];
export const convolutionRungs: readonly Rung[];
export function sourceOf(rung: Rung): string;
export function gridOf(rung: Rung, columns: number, rows: number): [number, number];
export function prepareLaunch(
  device: GPUDevice,
  read: typeof readInterface,
  source: string,
  launch: {
    readonly bindings: Readonly<Record<string, GPUBuffer>>;
    readonly params: Readonly<Record<string, number>>;
    readonly workgroups: readonly [number, number];
  },
): Promise<Launch>;
export function submitLaunch(device: GPUDevice, launch: Launch, times?: number): void;
export function floats(device: GPUDevice, values: number | Float32Array<ArrayBuffer>): GPUBuffer;
export function readFloats(device: GPUDevice, buffer: GPUBuffer): Promise<Float32Array<ArrayBuffer>>;
