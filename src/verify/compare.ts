import type { Precision } from '../runtime/tensor.js';

/** One tensor of a golden set against ours. */
export interface Comparison {
  readonly stage: string;
  readonly name: string;
  /** `computed`: we made it. `given`: an input the set stores, checked against its own description. */
  readonly kind: 'computed' | 'given';
  /** ‖ours − golden‖ / ‖golden‖, over the stored elements. */
  readonly error: number;
  /** The same error of PyTorch in float32 against float64. */
  readonly torchError: number;
  /** What the error may be; Infinity where it is only stated. */
  readonly allowed: number;
  /** error / max(torchError, 1e-7): at most 3, of an optimiser's steps 10. */
  readonly ratio: number;
  readonly pass: boolean;
}

/** What a golden set's JSON says of a tensor (golden/README.md). */
export interface GoldenInfo {
  readonly shape: readonly number[];
  readonly mean: number;
  readonly rms: number;
  readonly absmax: number;
  readonly kind: 'full' | 'probe';
  readonly torch_f32_error: number;
}

/**
 * How many times as far off as PyTorch in float32 we may be. The worst that was measured is 2.0 (docs/accuracy.md);
 * another order of summation alone makes as much, and a term that is wrong or left out far more.
 */
const factor = 3;

/**
 * Of the steps that Adam takes, `deltaN.*`: it divides each gradient by its own size, and where that is near its ε, an
 * error of the gradient's last digit is one of the step's first. The worst that was measured is 6.0.
 */
const stepFactor = 10;

/** PyTorch's error counts as this at least: a float32 is rounded by up to 6e-8 of itself. */
const floor = 1e-7;

/**
 * Of the auto-encoder's training: ten times PyTorch's, and this where that is less. Its losses have corners (|a − b|,
 * ReLU, the largest of four), and after the first step a picture that is off in the last digit may lie behind one.
 */
const cornerFloor = 1e-6;

/** What the relative error of a tensor may be, by that of PyTorch, by its name and by the stage that makes it. */
export function allowedError(torchError: number, name = '', stage = ''): number {
  if (stage === 'train_autoencoder') {
    return /^delta\d/.test(name)
      ? stepFactor * Math.max(torchError, cornerFloor)
      : Math.max(stepFactor * torchError, cornerFloor);
  }
  return (/^delta\d/.test(name) ? stepFactor : factor) * Math.max(torchError, floor);
}

/** In f16 errors are stated but not judged, as long as all numbers are finite: frames are (`compareFrames`). */
export function judge(
  stage: string,
  name: string,
  kind: Comparison['kind'],
  error: number,
  torchError: number,
  precision: Precision = 'f32',
): Comparison {
  const unit = Math.max(torchError, floor);
  const ratio = error / unit;
  const stated = precision === 'f16' && kind === 'computed';
  const allowed = stated ? Infinity : allowedError(torchError, name, stage);
  const pass = stated ? Number.isFinite(error) : error <= allowed;
  return { stage, name, kind, error, torchError, allowed, ratio, pass };
}

/**
 * The error of a whole tensor `ours` against what the set stores of it: all elements, or a probe of 4096. For a probe
 * the mean and the root mean square of the whole tensor are compared too; neither can be further off than the relative
 * error of the whole, so they stand under the same allowance.
 */
export function tensorError(ours: ArrayLike<number>, golden: ArrayLike<number>, info: GoldenInfo): number {
  const count = info.shape.reduce((product, extent) => product * extent, 1);
  if (ours.length !== count) return Infinity;
  if (info.kind === 'full') return relativeError(ours, golden);
  const probe = Float64Array.from({ length: golden.length }, (_, i) => ours[probeIndex(i, count)] ?? NaN);
  return Math.max(relativeError(probe, golden), momentError(ours, info));
}

/** ‖a − b‖ / ‖b‖; 0 for equal arrays, Infinity where a number is missing or not finite. */
export function relativeError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity;
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < b.length; i++) {
    difference += ((a[i] ?? NaN) - (b[i] ?? NaN)) ** 2;
    norm += (b[i] ?? NaN) ** 2;
  }
  const error = difference === 0 ? 0 : Math.sqrt(difference / norm);
  return Number.isFinite(error) ? error : Infinity;
}

/** How far mean and root mean square are from the stated ones, relative to the latter. */
export function momentError(values: ArrayLike<number>, info: GoldenInfo): number {
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? NaN;
    sum += value;
    squares += value * value;
  }
  const mean = sum / values.length;
  const rms = Math.sqrt(squares / values.length);
  const distance = Math.max(Math.abs(mean - info.mean), Math.abs(rms - info.rms));
  const error = distance === 0 ? 0 : distance / info.rms;
  return Number.isFinite(error) ? error : Infinity;
}

/** Probe i of a tensor of `count` elements: flat index (i · 2654435761 + 12345) mod count, exact up to 2^53. */
export function probeIndex(i: number, count: number): number {
  return (i * 2654435761 + 12345) % count;
}

/** An 8-bit picture against ours. */
export interface PictureComparison {
  readonly stage: string;
  readonly name: string;
  /** The largest difference of a byte. */
  readonly worst: number;
  /** The share of bytes that differ. */
  readonly share: number;
  /** At most 1 in at most 0.1 % of the bytes. */
  readonly pass: boolean;
}

export function comparePictures(
  stage: string,
  name: string,
  ours: Uint8Array,
  golden: Uint8Array,
): PictureComparison {
  let worst = ours.length === golden.length ? 0 : 255;
  let different = 0;
  for (let i = 0; i < golden.length; i++) {
    const distance = Math.abs((ours[i] ?? 0) - (golden[i] ?? 0));
    worst = Math.max(worst, distance);
    if (distance > 0) different++;
  }
  const share = different / golden.length;
  return { stage, name, worst, share, pass: worst <= 1 && share <= 0.001 };
}

/** A frame of ours in f16 against the same in f32. */
export interface FrameSimilarity {
  readonly stage: string;
  readonly name: string;
  /** Peak signal-to-noise ratio in dB, 10·log₁₀(255² / mean squared difference of a byte). */
  readonly psnr: number;
  /** At least 50 dB: differences of 0.8 of a byte's step. */
  readonly pass: boolean;
}

export function compareFrames(
  stage: string,
  name: string,
  ours: Uint8Array,
  exact: Uint8Array,
): FrameSimilarity {
  const psnr = peakSignalToNoise(ours, exact);
  return { stage, name, psnr, pass: psnr >= 50 };
}

/** In dB, of bytes; Infinity for equal ones. */
export function peakSignalToNoise(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== b.length) return -Infinity;
  let squares = 0;
  for (let i = 0; i < a.length; i++) squares += ((a[i] ?? 0) - (b[i] ?? 0)) ** 2;
  return 10 * Math.log10((255 ** 2 * a.length) / squares);
}
