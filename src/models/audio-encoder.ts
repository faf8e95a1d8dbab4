import { add } from '../ops/elementwise.js';
import { interpolateLinear } from '../ops/interpolate.js';
import { layerNorm } from '../ops/layer-norm.js';
import { linear } from '../ops/linear.js';
import type { HostTensor } from '../runtime/evaluate.js';
import type { Gpu } from '../runtime/gpu.js';
import type { Recorder } from '../runtime/recorder.js';
import { tap } from '../runtime/recorder.js';
import type { Tensor } from '../runtime/tensor.js';
import type { ModelConfig } from '../weights/config.js';
import type { WeightSource } from '../weights/source.js';
import type { Affine, Parameters } from './parameters.js';
import {
  addParameter,
  freeParameters,
  loadAffine,
  loadParameter,
  openParameters,
  readParameter,
} from './parameters.js';
import type { Wav2Vec2 } from './wav2vec2-weights.js';
import { loadWav2Vec2 } from './wav2vec2-weights.js';
import { encoder, eps, featureExtractor, featureProjection } from './wav2vec2.js';
import type { EncodeOptions } from './wave.js';
import { normaliseWave, padWave, runOnWave } from './wave.js';

/** Speech → audio features, one vector a video frame (Sec. 4 of docs/model.md): the `audio_encoder` of a checkpoint. */
export interface AudioEncoder {
  /**
   * @param wave the whole clip: mono, 16 kHz, −1…1, not normalised.
   * @returns wa `[T, d]`, T = ceil(samples · fps / 16000).
   * @throws InputError for an empty clip; RangeError for one too long for this adapter's buffers.
   */
  encode(wave: Float32Array, options?: EncodeOptions): Promise<Float32Array<ArrayBuffer>>;
  /** Frees the weights. */
  destroy(): void;
}

interface AudioWeights {
  readonly wav2vec2: Wav2Vec2;
  /** `audio_projection.0`: for each layer of wav2vec2 the columns `[d, h]` that its output meets; bias `[d]`. */
  readonly projection: { readonly weights: readonly Tensor[]; readonly bias: Tensor };
  /** `audio_projection.1`. */
  readonly layerNorm: Affine;
}

export async function createAudioEncoder(
  gpu: Gpu,
  source: WeightSource,
  model: Pick<ModelConfig, 'config' | 'wav2vec2'>,
): Promise<AudioEncoder> {
  const { fps, sampling_rate: rate } = model.config;
  const parameters = openParameters(gpu, source);
  try {
    const weights = await loadAudioWeights(parameters, model);
    return {
      async encode(wave, { taps } = {}) {
        const normalised = normaliseWave(wave);
        const frames = Math.ceil((wave.length * fps) / rate);
        const padded = padWave(normalised, Math.floor((frames * rate) / fps));
        const record = (rec: Recorder, wave: Tensor) => recordAudioEncoder(rec, weights, wave, frames);
        const wa = await runOnWave(gpu, 'audio encoder', padded, record, taps);
        if (taps) {
          taps.set('in.wave', { shape: [wave.length], data: Float32Array.from(wave) });
          taps.set('in.normalized', { shape: [1, wave.length], data: normalised });
          const features = taps.get('feature_extractor');
          if (features) taps.set('feature_extractor', toChannelsFirst(features));
        }
        return wa;
      },
      destroy: () => freeParameters(parameters),
    };
  } catch (error) {
    freeParameters(parameters);
    throw error;
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
    return addParameter(parameters, `${name}.0.weight columns ${layer}`, [config.dim_a, hidden], part);
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

/** wave `[1, samples, 1]`, normalised and padded → wa `[1, frames, d]`. */
function recordAudioEncoder(rec: Recorder, weights: AudioWeights, wave: Tensor, frames: number): Tensor {
  const { wav2vec2, projection, layerNorm: affine } = weights;
  const features = tap(rec, 'feature_extractor', featureExtractor(rec, wav2vec2, wave));
  const interpolated = tap(rec, 'interpolated', interpolateLinear(rec, features, frames));
  const { hiddenStates } = encoder(rec, wav2vec2, featureProjection(rec, wav2vec2, interpolated));
  hiddenStates.forEach((hidden, layer) => tap(rec, `hidden_states.${layer}`, hidden));

  // Linear of the concatenated layers = the sum of a Linear of each: [h₁ … h₁₂]·Wᵀ = Σ hᵢ·Wᵢᵀ.
  const [first, ...others] = hiddenStates.slice(1).map((hidden, layer) => {
    const weight = projection.weights[layer] as Tensor;
    return linear(rec, hidden, weight, { bias: layer === 0 ? projection.bias : undefined });
  });
  const sum = others.reduce((sum, product) => add(rec, sum, product), first as Tensor);
  return tap(rec, 'wa', layerNorm(rec, sum, { eps, ...affine, activation: 'silu' }));
}

/** `[1, T, C]` → `[1, C, T]`: PyTorch's layout of a convolution's result, for looking at it. */
function toChannelsFirst({ shape, data }: HostTensor): HostTensor {
  const [, frames = 0, channels = 0] = shape;
  const transposed = data.map((_, i) => data[(i % frames) * channels + Math.floor(i / frames)] ?? 0);
  return { shape: [1, channels, frames], data: transposed };
}
