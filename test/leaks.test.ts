import { beforeAll, describe, expect, it } from 'vitest';
import { createBlazeFace } from '../src/models/face/blazeface.js';
import { inputSide } from '../src/models/face/blazeface-boxes.js';
import { createMotionAutoencoder } from '../src/models/autoencoder/motion-autoencoder.js';
import { createAudioEncoder } from '../src/models/speech/audio-encoder.js';
import { createEmotionEncoder } from '../src/models/speech/emotion-encoder.js';
import { createFlowTransformer } from '../src/models/transformer/fmt.js';
import { openFaceWeights } from '../src/node/face-weights.js';
import { animate } from '../src/pipeline/animate.js';
import type { Gpu } from '../src/runtime/gpu.js';
import { openFmtNetwork } from '../src/train/fmt-network.js';
import { windowFrames, type ModelConfig } from '../src/weights/config.js';
import type { WeightSource } from '../src/weights/source.js';
import { openTflite } from '../src/weights/tflite.js';
import { failure, openFakeGpu } from './fake-gpu.js';
import { tinyModel } from './model.js';

let model: ModelConfig;
let tiny: WeightSource;
let faces: WeightSource;
beforeAll(async () => {
  ({ model, weights: tiny } = await tinyModel({} as Gpu));
  faces = await openTflite(await openFaceWeights());
});

const wave = Float32Array.from({ length: 4000 }, (_, i) => Math.sin(i / 9));

/**
 * Everything that is loaded or opened, used once and destroyed, as its user would: what it makes on the way is its own
 * to free.
 */
const users: Record<string, (gpu: Gpu, source: WeightSource) => Promise<void>> = {
  async autoencoder(gpu, source) {
    const loaded = await createMotionAutoencoder(gpu, source, model.config, 'f16');
    try {
      const portrait = await loaded.encode(new Float32Array(3 * model.config.input_size ** 2), {
        taps: true,
      });
      const decoder = await loaded.openDecoder(portrait, { batch: 2, ahead: 3, taps: ['frame'] });
      await decoder.decode(new Float32Array(2 * model.config.style_dim));
      await decoder.read(['frame']);
      await decoder.profile();
    } finally {
      loaded.destroy();
    }
  },
  async transformer(gpu, source) {
    const { config } = model;
    const [L, P, d] = [windowFrames(config), config.num_prev_frames, config.dim_w];
    const zeros = (rows: number, width = d) => new Float32Array(rows * width);
    const conditions = {
      wa: zeros(L),
      wr: zeros(1),
      we: zeros(1, config.dim_e),
      prevX: zeros(P),
      prevWa: zeros(P),
    };
    const loaded = await createFlowTransformer(gpu, source, config);
    try {
      await loaded.field(conditions, { audio: 2, emotion: 1 })(0, zeros(L));
      const evaluator = await loaded.evaluator({ guided: false, taps: true });
      await evaluator.evaluate({ ...conditions, t: 0, x: zeros(L) });
      await evaluator.readTaps();
    } finally {
      loaded.destroy();
    }
  },
  async audio(gpu, source) {
    const loaded = await createAudioEncoder(gpu, source, model);
    try {
      await loaded.encode(wave, { taps: new Map() });
      await loaded.encode(wave, { cut: { whole: 0, piece: 0.12, before: 0.04, after: 0.04 } });
    } finally {
      loaded.destroy();
    }
  },
  async emotion(gpu, source) {
    const loaded = await createEmotionEncoder(gpu, source, model.emotion);
    try {
      await loaded.classify(wave, { pieceSeconds: 0.1 });
    } finally {
      loaded.destroy();
    }
  },
  async face(gpu, source) {
    const loaded = await createBlazeFace(gpu, source);
    try {
      await loaded.run(new Float32Array(3 * inputSide ** 2));
    } finally {
      loaded.destroy();
    }
  },
  async training(gpu, source) {
    (await openFmtNetwork(gpu, source, model.config)).destroy();
  },
};

/** A whole run, of two windows; `onFrame` may end it. */
async function run(
  gpu: Gpu,
  weights: WeightSource,
  onFrame?: (index: number) => 'leave' | undefined,
  signal?: AbortSignal,
) {
  const speech = {
    sampleRate: 16000,
    channels: [Float32Array.from({ length: 12000 }, (_, i) => Math.sin(i / 9))],
  };
  const options = { nfe: 2, ...(signal && { signal }) };
  for await (const { index } of animate({ gpu, model, weights }, portrait, speech, options)) {
    if (onFrame?.(index) === 'leave') break;
  }
}
const portrait = { width: 8, height: 8, data: new Uint8Array(3 * 64).fill(99) };

describe('a run', () => {
  it('frees all GPU memory when it ends, when its reader leaves, when it is aborted and when a read fails', async () => {
    const { gpu, live } = await openFakeGpu();
    const { count, source } = failingSource(tiny, Infinity);
    let frames = 0;
    await run(gpu, source, (index) => void (frames = index + 1));
    expect([frames, live()]).toEqual([19, 0]);
    for (const last of [0, 5, 11]) {
      const seen: number[] = [];
      await run(gpu, source, (index) => (seen.push(index), index === last ? 'leave' : undefined));
      expect([seen.at(-1), live()]).toEqual([last, 0]);
      const abort = new AbortController();
      const aborted = run(
        gpu,
        source,
        (index) => void (index === last && abort.abort(failure)),
        abort.signal,
      );
      await expect(aborted).rejects.toBe(failure);
      expect(live()).toBe(0);
    }
    const left: number[] = [];
    count.reads = 0;
    await run(gpu, source);
    const { reads } = count;
    for (let n = 0; n < reads; n += 23) {
      await expect(run(gpu, failingSource(tiny, n).source)).rejects.toBe(failure);
      left.push(live());
    }
    expect(left.length).toBeGreaterThan(5);
    expect(left).toEqual(left.map(() => 0));
  });

  it('frees all GPU memory, whichever call of the GPU fails', async () => {
    const calls = await callsOf((gpu) => run(gpu, tiny));
    const wrong: string[] = [];
    for (let n = 5; n < calls; n += 131) wrong.push(...(await leaksAt(n, (gpu) => run(gpu, tiny))));
    expect(wrong).toEqual([]);
    expect(calls).toBeGreaterThan(1000);
  });
});

/** Has the n-th read fail; `reads` counts them. */
function failingSource(source: WeightSource, n: number) {
  const count = { reads: 0 };
  const read = (name: string) => (count.reads++ === n ? Promise.reject(failure) : source.read(name));
  return { count, source: { ...source, read } };
}

describe.each(Object.entries(users))('%s', (name, use) => {
  const weights = () => (name === 'face' ? faces : tiny);

  it('frees all GPU memory, whichever read fails', async () => {
    const { gpu, live } = await openFakeGpu();
    const { count, source } = failingSource(weights(), Infinity);
    await use(gpu, source);
    expect(live()).toBe(0);
    const reads = count.reads;
    expect(reads).toBeGreaterThan(20);
    const left: number[] = [];
    for (let n = 0; n < reads; n++) {
      await expect(use(gpu, failingSource(weights(), n).source)).rejects.toBe(failure);
      left.push(live());
    }
    expect(left).toEqual(new Array(reads).fill(0));
    expect(gpu.memory.bytes).toBe(0);
  });

  it('frees all GPU memory, whichever call of the GPU fails', async () => {
    const calls = await callsOf((gpu) => use(gpu, weights()));
    expect(calls).toBeGreaterThan(40);
    const wrong: string[] = [];
    for (let n = 0; n < calls; n += 7) wrong.push(...(await leaksAt(n, (gpu) => use(gpu, weights()))));
    expect(wrong).toEqual([]);
  });
});

async function callsOf(run: (gpu: Gpu) => Promise<void>): Promise<number> {
  const { gpu, calls } = await openFakeGpu();
  await run(gpu);
  return calls();
}

/** Runs with the n-th call failing, which must be told, and leave nothing. @returns what is wrong. */
async function leaksAt(n: number, run: (gpu: Gpu) => Promise<void>): Promise<string[]> {
  const { gpu, live, failAt } = await openFakeGpu();
  failAt(n);
  const message = await run(gpu).then(
    () => 'no error',
    (error: unknown) => (error as Error).message,
  );
  const wrong = message.includes(failure.message) ? [] : [`call ${n}: ${message}`];
  if (live() !== 0 || gpu.memory.bytes !== 0) wrong.push(`call ${n}: ${live()} bytes left`);
  return wrong;
}
