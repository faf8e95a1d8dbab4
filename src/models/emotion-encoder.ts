import { InputError } from '../errors.js';
import { linear } from '../ops/linear.js';
import { meanOverTime } from '../ops/mean.js';
import type { Gpu } from '../runtime/gpu.js';
import type { Recorder } from '../runtime/recorder.js';
import { tap } from '../runtime/recorder.js';
import type { Tensor } from '../runtime/tensor.js';
import type { EmotionConfig } from '../weights/config.js';
import type { WeightSource } from '../weights/source.js';
import type { Affine } from './parameters.js';
import { freeParameters, loadAffine, openParameters } from './parameters.js';
import type { Wav2Vec2 } from './wav2vec2-weights.js';
import { loadWav2Vec2 } from './wav2vec2-weights.js';
import { encoder, featureExtractor, featureProjection, shortestWave } from './wav2vec2.js';
import type { EncodeOptions } from './wave.js';
import { normaliseWave, runOnWave } from './wave.js';

/** Speech → how strongly it expresses each emotion (Sec. 5 of docs/model.md): the `emotion_encoder` of a checkpoint. */
export interface EmotionEncoder {
  /**
   * @param wave the whole clip: mono, 16 kHz, −1…1, not normalised.
   * @returns we, the probabilities of angry, disgust, fear, happy, neutral, sad, surprise.
   * @throws InputError for a clip shorter than a window of the convolutions (400 samples in the published model); RangeError for one too
   *   long for this adapter's buffers.
   */
  classify(wave: Float32Array, options?: EncodeOptions): Promise<Float32Array<ArrayBuffer>>;
  /** Frees the weights. */
  destroy(): void;
}

interface EmotionWeights {
  readonly wav2vec2: Wav2Vec2;
  /** `classifier`. */
  readonly dense: Affine;
  readonly outProjection: Affine;
}

export async function createEmotionEncoder(
  gpu: Gpu,
  source: WeightSource,
  config: EmotionConfig,
): Promise<EmotionEncoder> {
  const name = 'emotion_encoder.wav2vec2_for_emotion';
  const parameters = openParameters(gpu, source);
  try {
    const weights = {
      dense: await loadAffine(parameters, `${name}.classifier.dense`),
      outProjection: await loadAffine(parameters, `${name}.classifier.out_proj`),
      wav2vec2: await loadWav2Vec2(parameters, `${name}.wav2vec2`, config),
    };
    return {
      async classify(wave, { taps } = {}) {
        const shortest = shortestWave(config);
        if (wave.length < shortest) {
          throw new InputError(`speech: expected at least ${shortest} samples, got ${wave.length}`);
        }
        const normalised = normaliseWave(wave);
        const record = (rec: Recorder, wave: Tensor) => recordEmotionEncoder(rec, weights, wave);
        const logits = await runOnWave(gpu, 'emotion encoder', normalised, record, taps);
        const probabilities = softmax(logits);
        taps?.set('in.normalized', { shape: [1, wave.length], data: normalised });
        taps?.set('probabilities', { shape: [1, probabilities.length], data: probabilities });
        return probabilities;
      },
      destroy: () => freeParameters(parameters),
    };
  } catch (error) {
    freeParameters(parameters);
    throw error;
  }
}

/** wave `[1, samples, 1]`, normalised → logits `[1, labels]`. */
function recordEmotionEncoder(rec: Recorder, weights: EmotionWeights, wave: Tensor): Tensor {
  const { wav2vec2, dense, outProjection } = weights;
  const features = featureExtractor(rec, wav2vec2, wave);
  const { last } = encoder(rec, wav2vec2, featureProjection(rec, wav2vec2, features));
  const pooled = meanOverTime(rec, tap(rec, 'last_hidden_state', last));
  const hidden = linear(rec, pooled, dense.weight, { bias: dense.bias, activation: 'tanh' });
  return tap(rec, 'logits', linear(rec, hidden, outProjection.weight, { bias: outProjection.bias }));
}

/** e^xᵢ / Σⱼ e^xⱼ, in float64. */
function softmax(logits: Float32Array): Float32Array<ArrayBuffer> {
  const largest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const exponentials = Float64Array.from(logits, (x) => Math.exp(x - largest));
  const sum = exponentials.reduce((a, b) => a + b, 0);
  return Float32Array.from(exponentials, (e) => e / sum);
}
