import type { ProxyMarked } from 'comlink';
import { expose, transfer } from 'comlink';
import type { FrameInside, Image, InsideApi } from '../inside/inside-api.js';
import type { EngineApi } from './api.js';
import { createEngine } from './engine.js';

/** What the worker offers to client.ts. */
export interface WorkerApi extends Omit<EngineApi, 'inside'> {
  readonly inside: InsideApi & ProxyMarked;
}

/** The page's address: a worker knows only that of its own script. */
const engine = createEngine(self.name);

/** Pieces of video and pictures change hands; everything else is copied. */
const api: Omit<WorkerApi, 'inside'> & { inside: InsideApi } = {
  ...engine,
  async generate(settings, listener) {
    // Callbacks and answers travel apart: the answer waits until the last piece has arrived.
    const delivered: unknown[] = [];
    const summary = await engine.generate(settings, {
      onStage: (stage) => listener.onStage(stage),
      onVideoType: (type) => void delivered.push(listener.onVideoType(type)),
      onVideoPiece: (piece) => void delivered.push(listener.onVideoPiece(transfer(piece, [piece.buffer]))),
      onFrame: (done, total, seconds) => listener.onFrame(done, total, seconds),
    });
    await Promise.all(delivered);
    return summary;
  },
  inside: {
    ...engine.inside,
    draw: async (lambda) => handOver(await engine.inside.draw(lambda)),
    frame: async (index) => handOver(await engine.inside.frame(index)),
  },
};

function handOver<T extends Image | FrameInside>(result: T): T {
  const arrays =
    'data' in result
      ? [result.data]
      : [
          result.picture.data,
          ...result.levels.flatMap(({ flow, mask, feature, warped }) => [flow, mask, feature, warped]),
        ];
  return transfer(result, [...new Set(arrays.map(({ buffer }) => buffer as ArrayBuffer))]);
}

expose(api);
