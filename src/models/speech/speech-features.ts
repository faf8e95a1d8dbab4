import { fillRows, unfoldedWidth } from '../../ops/unfold.js';
import type { Gpu } from '../../runtime/gpu.js';
import { input } from '../../runtime/recorder.js';
import type { Wav2Vec2Config } from '../../weights/config.js';
import { createPlanByLength } from './plan-by-length.js';
import type { HostConv, Wav2Vec2 } from './wav2vec2-weights.js';
import { featureExtractor, shortestWave } from './wav2vec2.js';
import type { WaveStatistics } from './wave-statistics.js';

/** The convolutions of a wav2vec2 model over a clip of any length, a piece at a time. */
export interface SpeechFeatures {
  /**
   * @param wave gives samples start … start + count − 1, normalised.
   * @param firstConv of the group norm variant, by `normedConv`.
   * @returns features first … first + count − 1, `[count, C]`: the same as from the whole clip at once, for the
   *   convolutions pad nothing, and a feature depends on its own samples alone.
   */
  extract(
    wave: (start: number, count: number) => Float32Array<ArrayBuffer>,
    firstConv: NormedConv | undefined,
    first: number,
    count: number,
  ): Promise<Float32Array<ArrayBuffer>>;
  destroy(): void;
}

/** The first convolution of a clip, its group norm included: weight `[C, unfoldedWidth(taps)]`, bias `[C]`. */
export interface NormedConv {
  readonly weight: Float32Array<ArrayBuffer>;
  readonly bias: Float32Array<ArrayBuffer>;
}

/** @param atOnce features in a piece; by default as many as keep the largest tensor at 64 MiB. */
export function createSpeechFeatures(
  gpu: Gpu,
  label: string,
  wav2vec2: Wav2Vec2,
  atOnce = featuresAtOnce(gpu, wav2vec2.config),
): SpeechFeatures {
  const { config, normedConv: host } = wav2vec2;
  const channels = config.conv_dim.at(-1) ?? 0;
  const samplesOf = (features: number) => (features - 1) * hopOf(config) + shortestWave(config);
  const plan = createPlanByLength(gpu, label, (rec, length) => {
    const first = host && {
      weight: input(rec, 'weight', [host.outputs, unfoldedWidth(host.taps)]),
      bias: input(rec, 'bias', [host.outputs]),
    };
    return featureExtractor(rec, wav2vec2, input(rec, 'wave', [samplesOf(length)]), first);
  });
  return {
    async extract(wave, firstConv, first, count) {
      const features = new Float32Array(count * channels);
      const pieces = Math.ceil(count / atOnce);
      const piece = Math.ceil(count / pieces);
      for (let at = 0; at < count; at += piece) {
        const length = Math.min(piece, count - at);
        const samples = wave((first + at) * hopOf(config), samplesOf(length));
        features.set(await plan.run(length, { wave: samples, ...firstConv }), at * channels);
      }
      return features;
    },
    destroy: () => plan.destroy(),
  };
}

/** Samples from one feature to the next: 320 in the published models. */
export function hopOf({ conv_stride }: Wav2Vec2Config): number {
  return conv_stride.reduce((product, stride) => product * stride, 1);
}

/** Features that `samples` make. */
export function featureCount(samples: number, config: Wav2Vec2Config): number {
  return 1 + Math.floor((samples - shortestWave(config)) / hopOf(config));
}

/** The first convolution's output is the largest tensor: 64 frames a feature in the published models. */
function featuresAtOnce({ device }: Gpu, config: Wav2Vec2Config): number {
  const framesPerFeature = hopOf(config) / (config.conv_stride[0] ?? 1);
  const bytes = Math.min(2 ** 26, device.limits.maxStorageBufferBindingSize);
  return Math.max(1, Math.floor(bytes / (4 * framesPerFeature * (config.conv_dim[0] ?? 1))) - 1);
}

/**
 * The first convolution and the group norm after it as one convolution, for a clip whose statistics are known:
 *   γ_c·(w_c·x + b_c − mean_c)/√(variance_c + 1e-5) + β_c
 * The statistics are those of the wave before its normalisation (x − mean)/deviation; so are `mean` and `covariance` of
 * its windows.
 *
 * @param padding samples that follow the clip, all equal to its last.
 */
export function normedConv(conv: HostConv, statistics: WaveStatistics, padding: number): NormedConv {
  const { outputs, taps } = conv;
  const wave = statistics.wave();
  const windows = statistics.windows(padding);
  const mean = windows.mean.map((value) => (value - wave.mean) / wave.deviation);
  const covariance = windows.covariance.map((value) => value / wave.deviation ** 2);
  const weight = new Float32Array(outputs * taps);
  const bias = new Float32Array(outputs);
  for (let c = 0; c < outputs; c++) {
    const w = conv.weight.subarray(c * taps, (c + 1) * taps);
    let channelMean = 0;
    let variance = 0;
    for (let i = 0; i < taps; i++) {
      channelMean += w[i]! * mean[i]!;
      for (let j = 0; j < taps; j++) variance += w[i]! * covariance[i * taps + j]! * w[j]!;
    }
    const scale = conv.gamma[c]! / Math.sqrt(Math.max(0, variance) + 1e-5);
    for (let i = 0; i < taps; i++) weight[c * taps + i] = w[i]! * scale;
    // A bias of the convolution itself is a part of its mean, and drops out.
    bias[c] = conv.beta[c]! - channelMean * scale;
  }
  return { weight: fillRows(weight, taps), bias };
}
