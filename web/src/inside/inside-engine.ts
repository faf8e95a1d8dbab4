import type { Decoder, FieldEvaluator, FlowTransformer, KernelTime, MotionAutoencoder } from 'float-webgpu';
import {
  createFlowTransformer,
  createMotionAutoencoder,
  directedMotion,
  directionMatrix,
  motionCoefficients,
  pictureTensor,
} from 'float-webgpu';
import type { LastRun, WindowRun } from '../engine/last-run.js';
import { divide, flowInPixels, largest, meanMagnitude } from './fields.js';
import type { Coefficients, FrameInside, Image, InsideApi, KernelTimeSummary, WindowInside } from './inside-api.js'; // prettier-ignore
import { solveWindow, windowTaps } from './window-ode.js';

/** Looking inside one run. Loads what is asked for when it is first asked for. */
export interface Inside extends InsideApi {
  /** Frees everything once the call under way has ended; calls that wait, and later ones, reject with a `Cancelled`. */
  destroy(): Promise<void>;
}

/** The encoded portrait and a decoder that keeps the inner tensors of the frame drawn last. */
interface PictureHalf {
  readonly autoencoder: MotionAutoencoder;
  readonly sR: Float32Array;
  readonly lambda: Float32Array;
  readonly decoder: Decoder;
  /** The portrait's features, the mean over channels of |x|, at each resolution from 8 on. */
  readonly features: readonly Float32Array[];
}

interface MotionHalf {
  readonly transformer: FlowTransformer;
  readonly evaluator: FieldEvaluator;
}

export function createInside(run: LastRun): Inside {
  const { config } = run.float.model;
  const d = config.dim_w;
  const sides = resolutions(config.input_size);
  let closed = false;
  let last: Promise<unknown> = Promise.resolve();
  let solved: { readonly window: WindowRun; readonly inside: WindowInside } | undefined;

  const directions = once(() => directionMatrix(run.float.weights));
  const pictures = once(() => openPictureHalf(run, sides));
  const motion = once(() => openMotionHalf(run));

  /** One call at a time: a decoder's and an evaluator's inner tensors are those of the last use. */
  const inTurn = <T>(call: () => Promise<T>): Promise<T> => {
    const result = last.then(() => {
      if (closed) throw cancelled();
      return call();
    });
    last = result.catch(() => undefined);
    return result;
  };

  const decode = async (latent: Float32Array<ArrayBuffer>) => {
    const { decoder } = await pictures();
    return imageOf(await decoder.decode(latent), config.input_size);
  };

  const latentOf = async (index: number) => {
    const { sR } = await pictures();
    return Float32Array.from(sR, (identity, i) => identity + (run.motion[index * d + i] ?? 0));
  };

  async function coefficients(): Promise<Coefficients> {
    const basis = await directions();
    const { lambda: portrait } = await pictures();
    const [frames, count] = [run.motion.length / d, basis.cols];
    const lambda = motionCoefficients(basis, run.motion);
    const names = config.directions ?? [];
    // Q's columns are orthonormal: ‖r − Qλ‖² = ‖r‖² − ‖λ‖².
    const [whole, within] = [squares(run.motion), squares(lambda)];
    const beyond = whole > 0 ? Math.sqrt(Math.max(0, 1 - within / whole)) : 0;
    return { frames, count, fps: config.fps, lambda, portrait, names, beyond };
  }

  async function frame(index: number): Promise<FrameInside> {
    const { decoder, features } = await pictures();
    const picture = await decode(await latentOf(index));
    const levels: FrameInside['levels'][number][] = [];
    for (const [k, side] of sides.entries()) {
      const [grid, mask, warped] = levelTaps(k);
      const inner = await decoder.read([grid, mask, warped]);
      const feature = features[k]!;
      const most = largest(feature);
      levels.push({
        side,
        flow: flowInPixels(inner[grid]!, side),
        mask: inner[mask]!,
        feature: divide(feature, most),
        warped: divide(meanMagnitude(inner[warped]!, side ** 2), most),
      });
    }
    return { picture, levels };
  }

  async function draw(lambda: Float32Array): Promise<Image> {
    const moved = directedMotion(await directions(), lambda);
    const { sR } = await pictures();
    return decode(Float32Array.from(sR, (identity, i) => identity + moved[i]!));
  }

  async function windowOf(index: number): Promise<WindowInside> {
    const window = run.windows.findLast(({ start }) => start <= index) ?? run.windows[0];
    if (!window) throw new Error('this run sampled no windows');
    if (solved?.window === window) return solved.inside;
    const { evaluator } = await motion();
    const inside = await solveWindow(run, config, window, evaluator, await directions());
    solved = { window, inside };
    return inside;
  }

  async function kernels(): Promise<readonly KernelTimeSummary[] | undefined> {
    if (!run.float.gpu.device.features.has('timestamp-query')) return undefined;
    const { decoder } = await pictures();
    await decode(await latentOf(0));
    const decoding = await meanTimes(() => decoder.profile());
    const [window] = run.windows;
    if (!window) return summaries('decoder', decoding);
    const { evaluator } = await motion();
    await evaluator.evaluate({ ...window.conditions, t: 0, x: window.noise }, window.scales);
    const field = await meanTimes(() => evaluator.profile());
    return [...summaries('decoder', decoding), ...summaries('field', field)];
  }

  return {
    coefficients: () => inTurn(coefficients),
    frame: (index) => inTurn(() => frame(index)),
    draw: (lambda) => inTurn(() => draw(lambda)),
    window: (index) => inTurn(() => windowOf(index)),
    kernels: () => inTurn(kernels),
    async destroy() {
      closed = true;
      await last;
      // What failed to open has nothing to free.
      (await pictures.opened?.catch(() => undefined))?.autoencoder.destroy();
      (await motion.opened?.catch(() => undefined))?.transformer.destroy();
      solved = undefined;
    },
  };
}

/** 8, 16, … S. */
function resolutions(side: number): number[] {
  return Array.from({ length: Math.log2(side) - 2 }, (_, k) => 8 << k);
}

const levelTaps = (k: number) =>
  [`to_flows.${k}.grid`, `to_flows.${k}.mask`, `to_flows.${k}.warped`] as const;

async function openPictureHalf({ float, portrait }: LastRun, sides: readonly number[]): Promise<PictureHalf> {
  const { config } = float.model;
  const autoencoder = await createMotionAutoencoder(float.gpu, float.weights, config);
  try {
    const image = pictureTensor(portrait);
    const taps = sides.map((_, k) => `feats.${k}`);
    const { inner, ...encoded } = await autoencoder.encode(image, { taps });
    const features = sides.map((side, k) => meanMagnitude(inner.get(`feats.${k}`)!, side ** 2));
    const decoder = await autoencoder.openDecoder(encoded, { taps: sides.flatMap((_, k) => levelTaps(k)) });
    return { autoencoder, sR: encoded.sR, lambda: encoded.lambda, decoder, features };
  } catch (error) {
    autoencoder.destroy();
    throw error;
  }
}

async function openMotionHalf({ float }: LastRun): Promise<MotionHalf> {
  const { config } = float.model;
  const transformer = await createFlowTransformer(float.gpu, float.weights, config);
  try {
    return {
      transformer,
      evaluator: await transformer.evaluator({ guided: true, taps: windowTaps(config) }),
    };
  } catch (error) {
    transformer.destroy();
    throw error;
  }
}

/** Browsers round a GPU's times to 0.1 ms, so several runs are averaged: at most 16, about half a second. */
async function meanTimes(profile: () => Promise<KernelTime[]>): Promise<KernelTime[]> {
  const started = performance.now();
  const runs: KernelTime[][] = [];
  do runs.push(await profile());
  while (runs.length < 16 && performance.now() - started < 500);
  return runs[0]!.map((launch, i) => {
    const milliseconds = runs.reduce((sum, times) => sum + times[i]!.milliseconds / runs.length, 0);
    return { ...launch, milliseconds };
  });
}

function summaries(plan: KernelTimeSummary['plan'], times: readonly KernelTime[]): KernelTimeSummary[] {
  return times.map(({ kernel, label, milliseconds }) => ({ plan, kernel, label, milliseconds }));
}

function imageOf(rgba: Uint8Array<ArrayBuffer>, side: number): Image {
  return { width: side, height: side, data: new Uint8ClampedArray(rgba.buffer) };
}

const squares = (values: Float32Array) => values.reduce((sum, value) => sum + value ** 2, 0);

function cancelled(): Error {
  const error = new Error('the run that was looked into has gone');
  error.name = 'Cancelled';
  return error;
}

/** `open` at the first call, and its result from then on; tried again if it failed. `opened` does not call it. */
function once<T>(open: () => Promise<T>) {
  const get = () => {
    get.opened ??= open().catch((error: unknown) => {
      get.opened = undefined;
      throw error;
    });
    return get.opened;
  };
  get.opened = undefined as Promise<T> | undefined;
  return get;
}
