import { expectFinite } from '../../base/finite.js';
import { convert } from '../../ops/convert.js';
import { packRgba8 } from '../../ops/pixels.js';
import type { Gpu } from '../../runtime/gpu.js';
import { bufferOf, createTensor, destroyTensor } from '../../runtime/gpu.js';
import type { PlanOptions } from '../../runtime/plan.js';
import {
  compilePlan,
  destroyPlan,
  outputTensor,
  readOutputs,
  runPlan,
  writeInput,
} from '../../runtime/plan.js';
import type { KernelTime } from '../../runtime/profile.js';
import { profilePlan } from '../../runtime/profile.js';
import { openReadBack, readBack } from '../../runtime/read-back.js';
import type { Recorder } from '../../runtime/recorder.js';
import { input, output } from '../../runtime/recorder.js';
import type { Scope } from '../../runtime/scope.js';
import { building, closeScope, own } from '../../runtime/scope.js';
import type { Precision, Tensor } from '../../runtime/tensor.js';
import type { FloatConfig } from '../../weights/config.js';
import type { WeightSource } from '../../weights/source.js';
import type { DecoderWeights } from './decoder.js';
import { loadDecoder, recordDecoder } from './decoder.js';
import type { Directions } from './direction.js';
import { directedMotion, directionMatrix } from './direction.js';
import type { EncoderWeights } from './encoder.js';
import { loadEncoder, recordEncoder } from './encoder.js';
import { openParameters } from '../parameters.js';

/** What the encoder says of a portrait (Sec. 2 of docs/model.md). */
export interface Portrait {
  /** Identity latent s_r, `[d]`. */
  readonly sR: Float32Array<ArrayBuffer>;
  /** Motion coefficients λ, `[dim_m]`. */
  readonly lambda: Float32Array<ArrayBuffer>;
  /** Source motion r_s = Q·λ, `[d]`. */
  readonly rS: Float32Array<ArrayBuffer>;
  /** `[1, channels, r, r]` on the GPU, r = 8 first. */
  readonly features: readonly Tensor[];
}

export interface EncodedPortrait extends Portrait {
  /** Inner tensors that were asked for: `s_r`, `lambda`, `r_s`, `direction.Q`, `feats.k`, `net_app.convs.k`. */
  readonly inner: ReadonlyMap<string, Float32Array>;
  /** Frees the features; decoders opened for them must have gone before. */
  destroy(): void;
}

export interface DecoderOptions extends PlanOptions {
  /** Frames drawn at once; 1 if not given. */
  readonly batch?: number;
  /** Calls of `decode` that may be under way at once; 2 if not given. */
  readonly ahead?: number;
}

export interface Decoder {
  /**
   * Draws frames. Calls may overlap: the GPU draws one frame while those before are read.
   *
   * @param latent s_r + motion, `[batch, d]`.
   * @returns RGBA, `[batch, S, S, 4]`, alpha 255.
   */
  decode(latent: Float32Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * As `decode`, without a copy: `take` is given the pixels, whose memory is gone when it has returned, and makes the
   * result.
   */
  draw<T>(latent: Float32Array<ArrayBuffer>, take: (pixels: Uint8Array<ArrayBuffer>) => T): Promise<T>;
  /**
   * Tapped tensors of the last frame, by golden name: `conv1`, `convs.k`, `to_flows.k.warped` …, `frame`; and
   * `to_flows.k.mask` `[batch, r, r]`.
   */
  read(names: readonly string[]): Promise<Record<string, Float32Array<ArrayBuffer>>>;
  /** Draws the last frame once more and times each launch. @throws as `profilePlan`. */
  profile(): Promise<KernelTime[]>;
  /** GPU memory of the plan's intermediate results, in bytes. */
  readonly scratchBytes: number;
  destroy(): void;
}

export interface MotionAutoencoder {
  /** @param image `[1, 3, S, S]` in −1 … 1; see `pictureTensor`. */
  encode(image: Float32Array<ArrayBuffer>, options?: PlanOptions): Promise<EncodedPortrait>;
  openDecoder(portrait: Portrait, options?: DecoderOptions): Promise<Decoder>;
  /** Frees the weights, and every portrait and decoder made here. */
  destroy(): void;
}

/**
 * Loads the motion auto-encoder (Sec. 1–3 of docs/model.md).
 *
 * @param precision of the decoder and the features given to it. The encoder is f32: it runs once.
 * @throws InputError when the adapter has not the precision.
 */
export function createMotionAutoencoder(
  gpu: Gpu,
  source: WeightSource,
  config: FloatConfig,
  precision: Precision = 'f32',
): Promise<MotionAutoencoder> {
  return building(async (scope) => {
    const parameters = openParameters(scope, gpu, source, precision);
    const directions = await directionMatrix(source);
    const encoder = await loadEncoder(parameters, config);
    const decoder = await loadDecoder(parameters, config);
    const loaded = { config, encoder, directions, precision };
    return {
      encode: (image, options) =>
        building((inner) => encodePortrait(inner, gpu, loaded, image, options), scope),
      openDecoder: (portrait, options) =>
        building((inner) => openDecoder(inner, gpu, config, decoder, portrait, options), scope),
      destroy: () => closeScope(scope),
    };
  });
}

interface LoadedEncoder {
  readonly config: FloatConfig;
  readonly encoder: EncoderWeights;
  readonly directions: Directions;
  /** Of the features. */
  readonly precision: Precision;
}

/** A portrait is encoded once, so the plan and its memory go as soon as the features are copied. */
async function encodePortrait(
  scope: Scope,
  gpu: Gpu,
  { config, encoder, directions, precision }: LoadedEncoder,
  image: Float32Array<ArrayBuffer>,
  { taps = [] }: PlanOptions = {},
): Promise<EncodedPortrait> {
  const side = config.input_size;
  let count = 0;
  const record = (rec: Recorder) => {
    const { sR, lambda, features } = recordEncoder(rec, encoder, input(rec, 'image', [1, 3, side, side]));
    output(rec, 's_r', sR);
    output(rec, 'lambda', lambda);
    features.forEach((feature, k) => output(rec, `feats.${k}`, convert(rec, feature, precision)));
    count = features.length;
  };
  const plan = await compilePlan(gpu, 'encoder', record, { taps, within: scope });
  writeInput(plan, 'image', image);
  runPlan(plan);
  const wanted = [...plan.outputs.keys()].filter((name) => taps === true || taps.includes(name));
  const inner = new Map<string, Float32Array>(Object.entries(await readOutputs(plan, wanted)));
  const { s_r: sR, lambda } = await readOutputs(plan, ['s_r', 'lambda']);
  expectFinite('encoder: s_r', sR);
  expectFinite('encoder: λ', lambda);
  const rS = directedMotion(directions, lambda);
  if (taps === true || taps.includes('r_s')) inner.set('r_s', rS);
  if (taps === true || taps.includes('direction.Q')) {
    inner.set('direction.Q', Float32Array.from(directions.q));
  }
  const features = Array.from({ length: count }, (_, k) =>
    copyTensor(scope, gpu, outputTensor(plan, `feats.${k}`)),
  );
  destroyPlan(plan);
  return { sR, lambda, rS, features, inner, destroy: () => closeScope(scope) };
}

function copyTensor(scope: Scope, gpu: Gpu, tensor: Tensor): Tensor {
  const { label, shape, precision } = tensor;
  const copy = own(scope, createTensor(gpu, label, shape, precision), (made) => destroyTensor(gpu, made));
  const commands = gpu.device.createCommandEncoder({ label: `copy ${tensor.label}` });
  commands.copyBufferToBuffer(bufferOf(tensor), 0, bufferOf(copy), 0, bufferOf(copy).size);
  gpu.device.queue.submit([commands.finish()]);
  return copy;
}

async function openDecoder(
  scope: Scope,
  gpu: Gpu,
  config: FloatConfig,
  weights: DecoderWeights,
  portrait: Portrait,
  { batch = 1, ahead = 2, taps = [] }: DecoderOptions = {},
): Promise<Decoder> {
  const record = (rec: Recorder) => {
    const latent = input(rec, 'latent', [batch, config.style_dim]);
    output(rec, 'pixels', packRgba8(rec, recordDecoder(rec, weights, latent, portrait.features)));
  };
  const plan = await compilePlan(gpu, 'decoder', record, { taps, within: scope });
  const reader = openReadBack(scope, gpu, 'decoder', [outputTensor(plan, 'pixels')], { slots: ahead });
  const draw: Decoder['draw'] = (latent, take) => {
    const copy = latent.slice();
    const submit = () => {
      writeInput(plan, 'latent', copy);
      runPlan(plan);
    };
    return readBack(reader, submit, (memory) => take(new Uint8Array(memory)));
  };
  return {
    decode: (latent) => draw(latent, (pixels) => pixels.slice()),
    draw,
    read: (names) => readOutputs(plan, names),
    profile: () => profilePlan(plan),
    scratchBytes: plan.scratchBytes,
    destroy: () => closeScope(scope),
  };
}
