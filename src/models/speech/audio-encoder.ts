import { expectFinite } from '../../base/finite.js';
import { InputError } from '../../base/errors.js';
import type { SpeechSource } from '../../media/speech-source.js';
import { wholeSpeech } from '../../media/speech-source.js';
import { layerNorm } from '../../ops/layer-norm.js';
import { linear } from '../../ops/linear.js';
import { joinArrays } from '../../base/arrays.js';
import type { HostTensor } from '../../runtime/evaluate.js';
import type { Gpu } from '../../runtime/gpu.js';
import type { Recorder } from '../../runtime/recorder.js';
import { input, tap } from '../../runtime/recorder.js';
import { building, closeScope } from '../../runtime/scope.js';
import type { Precision, Tensor } from '../../runtime/tensor.js';
import type { FloatConfig, ModelConfig } from '../../weights/config.js';
import type { WeightSource } from '../../weights/source.js';
import { interpolate, placeFrames } from './frame-places.js';
import type { Affine, Parameters } from '../parameters.js';
import { addParameter, loadAffine, loadParameter, openParameters, readParameter } from '../parameters.js';
import { createPlanByLength } from './plan-by-length.js';
import { createSpeechFeatures, hopOf, normedConv } from './speech-features.js';
import type { Wav2Vec2 } from './wav2vec2-weights.js';
import { loadWav2Vec2 } from './wav2vec2-weights.js';
import { encoder, eps, featureProjection } from './wav2vec2.js';
import { normalisedWave } from './wave.js';
import { createWaveStatistics } from './wave-statistics.js';

/** Speech → audio features, one vector a video frame (Sec. 4 of docs/model.md): the `audio_encoder` of a checkpoint. */
export interface AudioEncoder {
  /**
   * @param wave the whole clip: mono, 16 kHz, −1…1, not normalised.
   * @returns wa `[T, d]`, T = ceil(samples · fps / 16000).
   * @throws InputError for an empty clip.
   */
  encode(wave: Float32Array, options?: EncodeOptions): Promise<Float32Array<ArrayBuffer>>;
  /**
   * The same piece by piece, each computed when it is asked for: `wa` `[frames, d]`.
   *
   * The wave is normalised by the statistics of the whole clip, and of speech that is still arriving by those of what
   * has been heard so far.
   */
  pieces(speech: SpeechSource, options?: EncodeOptions): AsyncGenerator<AudioPiece, void, undefined>;
  /** Frees the weights. */
  destroy(): void;
}

export interface AudioPiece {
  readonly wa: Float32Array<ArrayBuffer>;
  /** Whether the clip certainly ends with it. */
  readonly last: boolean;
}

/** How speech is cut for the transformer, whose attention costs the square of what it sees at once. In seconds. */
export interface Cut {
  /** Clips up to this length go through whole, as published. */
  readonly whole: number;
  /** Longer ones go in pieces of this length, */
  readonly piece: number;
  /** each seen with so much of what comes before it and after it. */
  readonly before: number;
  readonly after: number;
}

/**
 * For recordings. At two minutes attention costs the emotion encoder as much as all its matrix products. What the cut
 * changes was measured: docs/streaming.md.
 */
export const recordingCut: Cut = { whole: 120, piece: 80, before: 20, after: 20 };

export interface EncodeOptions {
  readonly cut?: Cut;
  /** Features of the convolutions in a piece; by default what suits the adapter. */
  readonly featuresAtOnce?: number;
  /** Filled with the inner tensors, under the names they have in golden/README.md. For clips that go through whole. */
  readonly taps?: Map<string, HostTensor>;
}

interface AudioWeights {
  readonly wav2vec2: Wav2Vec2;
  /** `audio_projection.0`: for each layer of wav2vec2 the columns `[d, h]` that its output meets; bias `[d]`. */
  readonly projection: { readonly weights: readonly Tensor[]; readonly bias: Tensor };
  /** `audio_projection.1`. */
  readonly layerNorm: Affine;
}

export function createAudioEncoder(
  gpu: Gpu,
  source: WeightSource,
  model: Pick<ModelConfig, 'config' | 'wav2vec2'>,
  precision?: Precision,
): Promise<AudioEncoder> {
  return building(async (scope) => {
    const weights = await loadAudioWeights(openParameters(scope, gpu, source, precision), model);
    const pieces = (speech: SpeechSource, options: EncodeOptions = {}) =>
      encodePieces(gpu, weights, model.config, speech, options);
    return {
      pieces,
      async encode(wave, options) {
        const parts: Float32Array[] = [];
        for await (const { wa } of pieces(wholeSpeech(wave), options)) parts.push(wa);
        return joinArrays(parts);
      },
      destroy: () => closeScope(scope),
    };
  });
}

async function* encodePieces(
  gpu: Gpu,
  weights: AudioWeights,
  { fps, sampling_rate: rate }: FloatConfig,
  speech: SpeechSource,
  { cut = recordingCut, featuresAtOnce, taps }: EncodeOptions,
): AsyncGenerator<AudioPiece, void, undefined> {
  const { config, normedConv: firstConv } = weights.wav2vec2;
  const statistics = createWaveStatistics(config.conv_kernel[0] ?? 1, config.conv_stride[0] ?? 1);
  const features = createSpeechFeatures(gpu, 'audio convolutions', weights.wav2vec2, featuresAtOnce);
  const transformer = createPlanByLength(gpu, 'audio encoder', (rec, frames) =>
    recordTransformer(rec, weights, input(rec, 'interpolated', [1, frames, config.conv_dim.at(-1) ?? 0])),
  );
  const destroyAll = () => {
    features.destroy();
    transformer.destroy();
  };
  const framesOf = (samples: number) => Math.ceil((samples * fps) / rate);
  const frames = (seconds: number) => Math.round(seconds * fps);
  try {
    if (speech.length !== undefined) statistics.add(speech.slice(0, speech.length));
    if (speech.length === 0) throw new InputError('speech: expected at least one sample, got none');
    const isWhole = speech.length !== undefined && framesOf(speech.length) <= frames(cut.whole);
    const size = isWhole ? framesOf(speech.length) : Math.max(1, frames(cut.piece));
    const [before, after] = isWhole ? [0, 0] : [frames(cut.before), frames(cut.after)];
    // T, frames in all, once that is known.
    let T = speech.length === undefined ? Infinity : framesOf(speech.length);
    for (let start = 0; start < T; start += size) {
      const { available, ended } = await speech.arrive(Math.ceil(((start + size + after) * rate) / fps));
      if (available > statistics.count) statistics.add(speech.slice(statistics.count, available));
      if (ended) T = framesOf(available);
      if (start > 0 && start >= T) return;

      const end = Math.min(start + size, T);
      const context = { start: Math.max(0, start - before), end: Math.min(end + after, T) };
      // A clip's last sample is repeated to a whole number of frames.
      const padded = T < Infinity ? Math.floor((T * rate) / fps) : available;
      const places = placeFrames(context, T, { padded, perFrame: rate / fps, config });
      const wave = normalisedWave(speech, statistics, speech.length ?? available);
      const normed = firstConv && normedConv(firstConv, statistics, Math.max(0, padded - statistics.count));
      const extracted = await features.extract(wave, normed, places.first, places.count);
      const interpolated = interpolate(extracted, places);
      const run = await transformer.run(context.end - context.start, { interpolated }, taps);
      const wa = expectFinite('audio encoder: wa', run);
      if (taps) {
        const [channels] = config.conv_dim.slice(-1);
        taps.set('in.wave', { shape: [available], data: speech.slice(0, available).slice() });
        taps.set('in.normalized', { shape: [1, available], data: wave(0, available) });
        taps.set('feature_extractor', channelsFirst(extracted, channels ?? 0));
        taps.set('interpolated', { shape: [1, T, channels ?? 0], data: interpolated });
      }

      const d = wa.length / (context.end - context.start);
      speech.release(Math.floor(((end - before) * rate) / fps) - hopOf(config));
      if (end >= T) destroyAll();
      yield { wa: wa.slice((start - context.start) * d, (end - context.start) * d), last: end >= T };
    }
  } finally {
    destroyAll();
  }
}

async function loadAudioWeights(
  parameters: Parameters,
  { config, wav2vec2 }: Pick<ModelConfig, 'config' | 'wav2vec2'>,
): Promise<AudioWeights> {
  const name = 'audio_encoder.audio_projection';
  const { num_hidden_layers: layers, hidden_size: hidden } = wav2vec2;
  const whole = await readParameter(parameters, `${name}.0.weight`);
  const columns = (layer: number) => {
    const part = new Float32Array(config.dim_a * hidden);
    for (let row = 0; row < config.dim_a; row++) {
      const start = (row * layers + layer) * hidden;
      part.set(whole.subarray(start, start + hidden), row * hidden);
    }
    const label = `${name}.0.weight columns ${layer}`;
    return addParameter(parameters, label, [config.dim_a, hidden], part, parameters.precision);
  };
  return {
    projection: {
      weights: Array.from({ length: layers }, (_, layer) => columns(layer)),
      bias: await loadParameter(parameters, `${name}.0.bias`),
    },
    layerNorm: await loadAffine(parameters, `${name}.1`),
    wav2vec2: await loadWav2Vec2(parameters, 'audio_encoder.wav2vec2', wav2vec2),
  };
}

/** features, one a video frame `[1, frames, C]` → wa `[1, frames, d]`. */
function recordTransformer(rec: Recorder, weights: AudioWeights, interpolated: Tensor): Tensor {
  const { wav2vec2, projection, layerNorm: affine } = weights;
  const { hiddenStates } = encoder(rec, wav2vec2, featureProjection(rec, wav2vec2, interpolated));
  hiddenStates.forEach((hidden, layer) => tap(rec, `hidden_states.${layer}`, hidden));

  // Linear of the concatenated layers = the sum of a Linear of each: [h₁ … h₁₂]·Wᵀ = Σ hᵢ·Wᵢᵀ.
  const sum = projection.weights.reduce<Tensor | undefined>((residual, weight, layer) => {
    const bias = residual ? undefined : projection.bias;
    return linear(rec, hiddenStates[layer + 1] as Tensor, weight, { bias, residual });
  }, undefined) as Tensor;
  return tap(rec, 'wa', layerNorm(rec, sum, { eps, ...affine, activation: 'silu' }));
}

/** `[T, C]` → `[1, C, T]`: PyTorch's layout of a convolution's result, for looking at it. */
function channelsFirst(data: Float32Array<ArrayBuffer>, channels: number): HostTensor {
  const frames = data.length / channels;
  const transposed = data.map((_, i) => data[(i % frames) * channels + Math.floor(i / frames)] ?? 0);
  return { shape: [1, channels, frames], data: transposed };
}
