import { describe, expect, it } from 'vitest';
import { drawAhead, drawsAhead } from '../../src/pipeline/draw-ahead.js';

/** Two-number latents; a picture is the first of them. Everything that happens is logged. */
function fake(windows: number[][], { fails = NaN, never = false } = {}) {
  const log: string[] = [];
  const video = (batch: number, signal?: AbortSignal) =>
    drawAhead<number>({
      sample: async function* (stopped) {
        try {
          for (const window of windows) {
            log.push(`sample ${window[0]}`);
            await Promise.resolve();
            stopped.throwIfAborted();
            if (window[0] === fails) throw new Error('no motion');
            yield Float32Array.from(window.flatMap((frame) => [frame, 0]));
          }
          if (never)
            await new Promise((_, reject) =>
              stopped.addEventListener('abort', () => reject(new Error('stopped'))),
            );
        } finally {
          log.push('sampler ends');
        }
      },
      width: 2,
      batch,
      draw: async (motion) => {
        const frames = [...motion].filter((_, i) => i % 2 === 0);
        log.push(`draw ${frames.join('+')}`);
        await Promise.resolve();
        if (frames.includes(-1)) throw new Error('no picture');
        return frames;
      },
      onWindow: (motion) => log.push(`window ${motion[0]}`),
      signal,
    });
  return { log, video };
}

const range = (start: number, count: number) => Array.from({ length: count }, (_, i) => start + i);

async function all(pictures: AsyncIterable<number>): Promise<number[]> {
  const seen: number[] = [];
  for await (const picture of pictures) seen.push(picture);
  return seen;
}

describe('drawAhead', () => {
  it('gives all pictures in order, for windows and batches of any size', async () => {
    const windows = [range(0, 5), range(5, 1), [], range(6, 7)];
    for (const batch of [1, 2, 5, 9]) {
      const { video, log } = fake(windows);
      expect(await all(video(batch))).toEqual(range(0, 13));
      expect(log.filter((line) => line.startsWith('window'))).toEqual(['window 0', 'window 5', 'window 6']);
    }
    expect(await all(fake([]).video(1))).toEqual([]);
  });

  it('submits the first frames before the next window, and the next window before the others', async () => {
    const { video, log } = fake([range(0, 8), range(8, 8)]);
    const pictures = video(1);
    await pictures.next();
    const drawn = range(0, drawsAhead).map((frame) => `draw ${frame}`);
    expect(log.slice(0, drawsAhead + 2)).toEqual(['sample 0', ...drawn, 'sample 8']);
    await pictures.return();
  });

  it('keeps so many calls ahead of its reader and no more, and one window', async () => {
    const { video, log } = fake([range(0, 4), range(4, 4), range(8, 4)]);
    const pictures = video(1);
    for (let given = 1; given <= 8; given++) {
      await pictures.next();
      await new Promise((resolve) => setTimeout(resolve));
      expect(log.filter((line) => line.startsWith('draw')).length).toBe(Math.min(12, given + drawsAhead));
      // Window 2 is sampled when window 1 is being drawn.
      expect(log.includes('sample 8')).toBe(given + drawsAhead > 4);
    }
    await pictures.return();
    expect(log).toContain('sampler ends');
  });

  it('holds no frame up for a window that never comes, and leaves it when its reader does', async () => {
    const { video, log } = fake([range(0, 4)], { never: true });
    const pictures = video(1);
    for (let i = 0; i < 4; i++) expect((await pictures.next()).value).toBe(i);
    await pictures.return();
    expect(log.at(-1)).toBe('sampler ends');
  });

  it('gives what was drawn before it tells of a failure', async () => {
    for (const { video } of [fake([range(0, 4), range(4, 4)], { fails: 4 }), fake([[0, 1, 2, 3, -1, 5]])]) {
      const seen: number[] = [];
      const run = async () => {
        for await (const picture of video(1)) seen.push(picture);
      };
      await expect(run()).rejects.toThrow(/no motion|no picture/);
      expect(seen).toEqual([0, 1, 2, 3]);
    }
  });

  it('throws the reason of its signal', async () => {
    const abort = new AbortController();
    const { video, log } = fake([range(0, 9)]);
    const pictures = video(3, abort.signal);
    await pictures.next();
    abort.abort(new Error('enough'));
    await expect(pictures.next()).rejects.toThrow('enough');
    expect(log).toContain('sampler ends');
  });
});
