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
  generate: (settings, listener) =>
    engine.generate(settings, {
      onStage: (stage) => listener.onStage(stage),
      onVideoType: (type) => listener.onVideoType(type),
      onVideoPiece: (piece) => listener.onVideoPiece(transfer(piece, [piece.buffer])),
      onFrame: (done, total, seconds) => listener.onFrame(done, total, seconds),
    }),
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
  return transfer(
    result,
    arrays.map(({ buffer }) => buffer as ArrayBuffer),
  );
}

expose(api);
