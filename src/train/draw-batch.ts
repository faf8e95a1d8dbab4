import { gaussianNoise } from '../sampling/noise.js';
import { openRandom } from '../cartoon/random.js';
import type { FloatConfig } from '../weights/config.js';
import { windowFrames } from '../weights/config.js';
import type { ClipRecord, MotionClip, MotionDataset } from './dataset.js';
import type { FmtSettings } from './fmt-settings.js';
import type { MotionBatch } from './motion-batch.js';
import { diffusionSteps } from '../sampling/diffusion.js';

/**
 * The batch of step 1, 2, …: a function of seed and step alone, so that a run goes on after a restart as if nothing had
 * been.
 *
 * Clips are drawn in proportion to their frames, and of each a window of L frames anywhere in it; beyond a clip's end its
 * last frame is repeated, as in sampling. A window that has not P frames before it is a first one: nothing precedes it.
 */
export async function drawBatch(
  dataset: MotionDataset,
  config: FloatConfig,
  settings: FmtSettings,
  step: number,
): Promise<MotionBatch> {
  const { num_prev_frames: P, dim_w: d, dim_e: e } = config;
  const { batch: B, drop, seed, objective, portrait } = settings;
  const L = windowFrames(config);
  const N = P + L;
  const F = dataset.manifest.widths.features;
  const random = openRandom(seed, step);
  const unit = () => random.uniform(0, 1);
  const whole = (count: number) => Math.floor(random.uniform(0, count));
  const drawClip = clipsByFrames(dataset.train);
  const batch = {
    motion: new Float32Array(B * N * d),
    // Another key than that of the draws: the same would give the same numbers.
    noise: gaussianNoise(BigInt(seed) | (1n << 63n), step, B * N * d),
    features: new Float32Array(B * N * F),
    wr: new Float32Array(B * d),
    we: new Float32Array(B * e),
    t: new Float32Array(B),
    keep: new Float32Array(B * 5),
  };
  for (let b = 0; b < B; b++) {
    const clip = await dataset.read(drawClip(unit()));
    const T = clip.frames;
    const start = whole(Math.max(1, T - L + 1));
    copyRows(clip, 'latents', d, start - P, N, batch.motion.subarray(b * N * d));
    copyRows(clip, 'features', F, start - P, N, batch.features.subarray(b * N * F));
    const frame = whole(T);
    const ofPortrait = unit() < portrait;
    batch.wr.set(ofPortrait ? clip.source : clip.latents.subarray(frame * d, (frame + 1) * d), b * d);
    batch.we.set(clip.emotion, b * e);
    batch.t[b] = objective === 'flow' ? unit() : 1 + whole(diffusionSteps - 1);
    const kept = [drop.audio, drop.source, drop.emotion, drop.precedingMotion, drop.precedingAudio].map(
      (often) => (unit() < often ? 0 : 1),
    );
    if (start < P) kept.fill(0, 3);
    batch.keep.set(kept, 5 * b);
  }
  return batch;
}

/** Samples `from` … of a batch of B, as many as fit in one of `pieces` equal parts. */
export function pieceOfBatch(batch: MotionBatch, piece: number, pieces: number): MotionBatch {
  const cut = (values: Float32Array) => {
    const length = values.length / pieces;
    return values.subarray(piece * length, (piece + 1) * length);
  };
  const { motion, noise, features, wr, we, t, keep } = batch;
  return {
    motion: cut(motion),
    noise: cut(noise),
    features: cut(features),
    wr: cut(wr),
    we: cut(we),
    t: cut(t),
    keep: cut(keep),
  };
}

function clipsByFrames(clips: readonly ClipRecord[]): (unit: number) => ClipRecord {
  const total = clips.reduce((sum, { frames }) => sum + frames, 0);
  return (unit) => {
    let left = Math.floor(unit * total);
    return clips.find(({ frames }) => (left -= frames) < 0) ?? clips.at(-1)!;
  };
}

/** Rows `first` … of a clip, its first and last one repeated beyond its ends. */
function copyRows(
  clip: MotionClip,
  what: 'latents' | 'features',
  width: number,
  first: number,
  count: number,
  to: Float32Array,
): void {
  for (let i = 0; i < count; i++) {
    const row = Math.min(clip.frames - 1, Math.max(0, first + i));
    to.set(clip[what].subarray(row * width, (row + 1) * width), i * width);
  }
}
