import { expectFinite } from '../../base/finite.js';
import { InputError } from '../../base/errors.js';
import { SPEECH_RATE } from '../../media/speech.js';
import { wholeSpeech } from '../../media/speech-source.js';
import { linear } from '../../ops/linear.js';
import { meanOverTime } from '../../ops/mean.js';
import type { HostTensor } from '../../runtime/evaluate.js';
import type { Gpu } from '../../runtime/gpu.js';
import type { Recorder } from '../../runtime/recorder.js';
import { input, tap } from '../../runtime/recorder.js';
import { building, closeScope } from '../../runtime/scope.js';
import type { Precision, Tensor } from '../../runtime/tensor.js';
import type { EmotionConfig } from '../../weights/config.js';
import type { WeightSource } from '../../weights/source.js';
import type { Affine } from '../parameters.js';
import { loadAffine, openParameters } from '../parameters.js';
import { createPlanByLength } from './plan-by-length.js';
import { createSpeechFeatures, featureCount, hopOf, normedConv } from './speech-features.js';
import type { Wav2Vec2 } from './wav2vec2-weights.js';
import { loadWav2Vec2 } from './wav2vec2-weights.js';
import { encoder, featureProjection, shortestWave } from './wav2vec2.js';
import { normalisedWave } from './wave.js';
import { createWaveStatistics } from './wave-statistics.js';

/** Speech → how strongly it expresses each emotion (Sec. 5 of docs/model.md): the `emotion_encoder` of a checkpoint. */
export interface EmotionEncoder {
  /**
   * @param wave the whole clip: mono, 16 kHz, −1…1, not normalised.
   * @returns we, the probabilities of angry, disgust, fear, happy, neutral, sad, surprise. Of clips longer than
   *   `pieceSeconds` pieces of equal length are heard by themselves, and the hidden states' mean over time is that over
   *   all of them.
   * @throws InputError for a clip shorter than a window of the convolutions (400 samples in the published model).
   */
  classify(wave: Float32Array, options?: EmotionOptions): Promise<Float32Array<ArrayBuffer>>;
  /** Frees the weights. */
  destroy(): void;
}

export interface EmotionOptions {
  readonly pieceSeconds?: number;
  /** Features of the convolutions in a piece; by default what suits the adapter. */
  readonly featuresAtOnce?: number;
  /** Filled with the inner tensors, under the names they have in golden/README.md. For clips of one piece. */
  readonly taps?: Map<string, HostTensor>;
}

interface EmotionWeights {
  readonly wav2vec2: Wav2Vec2;
  /** `classifier`. */
  readonly dense: Affine;
  readonly outProjection: Affine;
}

export function createEmotionEncoder(
  gpu: Gpu,
  source: WeightSource,
  config: EmotionConfig,
  precision?: Precision,
): Promise<EmotionEncoder> {
  const name = 'emotion_encoder.wav2vec2_for_emotion';
  return building(async (scope) => {
    const parameters = openParameters(scope, gpu, source, precision);
    const weights = {
      dense: await loadAffine(parameters, `${name}.classifier.dense`),
      outProjection: await loadAffine(parameters, `${name}.classifier.out_proj`),
      wav2vec2: await loadWav2Vec2(parameters, `${name}.wav2vec2`, config),
    };
    return {
      classify: (wave, options = {}) => classify(gpu, weights, wave, options),
      destroy: () => closeScope(scope),
    };
  });
}

async function classify(
  gpu: Gpu,
  weights: EmotionWeights,
  samples: Float32Array,
  { pieceSeconds = 120, featuresAtOnce, taps }: EmotionOptions,
): Promise<Float32Array<ArrayBuffer>> {
  const { config, normedConv: firstConv } = weights.wav2vec2;
  const shortest = shortestWave(config);
  if (samples.length < shortest) {
    throw new InputError(`speech: expected at least ${shortest} samples, got ${samples.length}`);
  }
  const statistics = createWaveStatistics(config.conv_kernel[0] ?? 1, config.conv_stride[0] ?? 1);
  statistics.add(samples);
  const wave = normalisedWave(wholeSpeech(samples), statistics, samples.length);
  const normed = firstConv && normedConv(firstConv, statistics, 0);
  const features = createSpeechFeatures(gpu, 'emotion convolutions', weights.wav2vec2, featuresAtOnce);
  const channels = config.conv_dim.at(-1) ?? 0;
  const transformer = createPlanByLength(gpu, 'emotion encoder', (rec, frames) =>
    recordTransformer(rec, weights, input(rec, 'features', [1, frames, channels])),
  );
  const head = createPlanByLength(gpu, 'emotion head', (rec) =>
    recordHead(rec, weights, input(rec, 'pooled', [1, config.hidden_size])),
  );
  try {
    const count = featureCount(samples.length, config);
    const pieces = Math.ceil((count * hopOf(config)) / (pieceSeconds * SPEECH_RATE));
    const size = Math.ceil(count / pieces);
    const sum = new Float64Array(config.hidden_size);
    for (let start = 0; start < count; start += size) {
      const length = Math.min(size, count - start);
      const extracted = await features.extract(wave, normed, start, length);
      const mean = await transformer.run(length, { features: extracted }, taps);
      mean.forEach((value, c) => (sum[c]! += value * length));
    }
    const pooled = Float32Array.from(sum, (value) => value / count);
    const logits = expectFinite('emotion encoder: logits', await head.run(1, { pooled }, taps));
    const probabilities = softmax(logits);
    taps?.set('in.normalized', { shape: [1, samples.length], data: wave(0, samples.length) });
    taps?.set('probabilities', { shape: [1, probabilities.length], data: probabilities });
    return probabilities;
  } finally {
    [features, transformer, head].forEach((part) => part.destroy());
  }
}

/** features `[1, T', C]` → the last hidden state's mean over time `[1, h]`. */
function recordTransformer(rec: Recorder, { wav2vec2 }: EmotionWeights, features: Tensor): Tensor {
  const { last } = encoder(rec, wav2vec2, featureProjection(rec, wav2vec2, features));
  return meanOverTime(rec, tap(rec, 'last_hidden_state', last));
}

/** `[1, h]` → logits `[1, labels]`. */
function recordHead(rec: Recorder, { dense, outProjection }: EmotionWeights, pooled: Tensor): Tensor {
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
