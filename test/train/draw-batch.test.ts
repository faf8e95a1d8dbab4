import { beforeAll, describe, expect, it } from 'vitest';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { alphaBars } from '../../src/sampling/diffusion.js';
import { drawBatch, pieceOfBatch } from '../../src/train/draw-batch.js';
import { completeSettings } from '../../src/train/fmt-settings.js';
import type { ModelConfig } from '../../src/weights/config.js';
import { parseConfig, windowFrames } from '../../src/weights/config.js';
import { openSafetensors } from '../../src/weights/safetensors.js';
import { memorySource } from '../../src/weights/source.js';
import { tinyDataset } from './tiny-dataset.js';

const golden = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../../golden/${name}`, import.meta.url)));

let model: ModelConfig;
beforeAll(() => {
  model = parseConfig(JSON.parse(golden('tiny/weights.json').toString()), 'weights.json');
});

const settings = completeSettings({ batch: 64 });

describe('drawBatch', () => {
  it('is a function of seed and step', async () => {
    const draw = (seed: number, step: number) =>
      drawBatch(tinyDataset(model), model.config, { ...settings, seed }, step);
    const first = await draw(1, 7);
    expect(await draw(1, 7)).toEqual(first);
    expect(await draw(1, 8)).not.toEqual(first);
    expect(await draw(2, 7)).not.toEqual(first);
  });

  it('draws windows of training clips only; nothing precedes one that begins before P frames', async () => {
    const { config } = model;
    const { num_prev_frames: P, dim_w: d } = config;
    const N = P + windowFrames(config);
    const dataset = tinyDataset(model, [3, 40, 50, 60]);
    const clips = await Promise.all(dataset.train.map((record) => dataset.read(record)));
    const { motion, keep } = await drawBatch(dataset, config, settings, 1);
    const row = (values: Float32Array, i: number) => values.subarray(i * d, (i + 1) * d).join();
    const places = new Map(
      clips.flatMap((clip, c) =>
        Array.from({ length: clip.frames }, (_, i) => [row(clip.latents, i), [c, i] as const]),
      ),
    );
    const starts: number[] = [];
    for (let b = 0; b < settings.batch; b++) {
      const found = Array.from({ length: N }, (_, n) => places.get(row(motion, b * N + n)));
      expect(found).not.toContain(undefined);
      const [clip, start] = found[P]!;
      starts.push(start);
      const last = clips[clip]!.frames - 1;
      found.forEach((place, n) => expect(place).toEqual([clip, Math.min(last, Math.max(0, start - P + n))]));
      if (start < P) expect([...keep.subarray(5 * b + 3, 5 * b + 5)]).toEqual([0, 0]);
    }
    expect(new Set(starts).size).toBeGreaterThan(10);
    // Each is dropped by itself, as often as the settings say.
    const kept = (what: number) =>
      keep.filter((_, i) => i % 5 === what).reduce((a, b) => a + b, 0) / settings.batch;
    expect(kept(0)).toBeGreaterThan(0.75);
    expect(kept(3)).toBeLessThan(0.75);
  });

  it('is cut into pieces that make it up', async () => {
    const batch = await drawBatch(tinyDataset(model), model.config, settings, 1);
    const pieces = [0, 1, 2, 3].map((piece) => pieceOfBatch(batch, piece, 4));
    for (const name of ['motion', 'noise', 'features', 'wr', 'we', 't', 'keep'] as const) {
      expect(pieces.flatMap((piece) => [...piece[name]])).toEqual([...batch[name]]);
    }
  });
});

describe('alphaBars', () => {
  it('are those of the golden set', async () => {
    const file = await openSafetensors(
      memorySource('epsilon', golden('train/train_fmt_epsilon.safetensors')),
    );
    const expected = await file.read('in.alpha_bar');
    const ours = alphaBars();
    expect(ours).toHaveLength(expected.length);
    expected.forEach((value, s) => expect(Math.abs(ours[s]! / value - 1)).toBeLessThan(1e-6));
  });
});
