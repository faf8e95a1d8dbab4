import { describe, expect, it } from 'vitest';
import { GpuClosedError } from '../../src/base/errors.js';
import { animate, animateStream } from '../../src/pipeline/animate.js';
import { closeGpu } from '../../src/runtime/gpu.js';
import { gaussian, openTestGpu } from '../fixtures.js';
import { examplePortrait, tinyModel } from '../model.js';

const seconds = 2;
const wave = gaussian([seconds * 16000], 7).data.map((value) => value / 5);
const speech = { sampleRate: 16000, channels: [wave] };

describe('closing the GPU', () => {
  it('while it draws ends the run with an error of its own, and so does all that is begun later', async () => {
    const gpu = await openTestGpu();
    const float = await tinyModel(gpu);
    const portrait = await examplePortrait(3);
    const frames = animate(float, portrait, speech, { nfe: 3 });
    const first = await frames.next();
    expect(first.done).toBe(false);
    closeGpu(gpu);
    closeGpu(gpu);
    const rest = async () => {
      let count = 1;
      for await (const frame of frames) count = frame.index + 1;
      return count;
    };
    await expect(rest()).rejects.toThrow(GpuClosedError);
    await expect(animate(float, portrait, speech).next()).rejects.toThrow(
      'the GPU was closed: closeGpu was called before the work on it had ended',
    );
    async function* pieces() {
      yield await Promise.resolve(wave);
    }
    await expect(animateStream(float, portrait, pieces()).next()).rejects.toThrow(GpuClosedError);
  });

  it.each(['portrait', 'speech', 'emotion', 'motion', 'frames'])(
    'when %s begins does so too',
    async (when) => {
      const gpu = await openTestGpu();
      const float = await tinyModel(gpu);
      const onStage = (stage: string) => {
        if (stage === when) closeGpu(gpu);
      };
      const drain = async () => {
        for await (const frame of animate(float, await examplePortrait(3), speech, { nfe: 3, onStage }))
          void frame;
      };
      await expect(drain()).rejects.toThrow(GpuClosedError);
    },
  );
});
