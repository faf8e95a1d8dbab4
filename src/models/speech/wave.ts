import type { SpeechSource } from '../../media/speech-source.js';
import type { WaveStatistics } from './wave-statistics.js';

/**
 * The wave as both wav2vec2 models hear it: (x − mean)/√(variance + 1e-7) (Sec. 4 of docs/model.md).
 *
 * @param samples there are; beyond them the last one is repeated.
 * @returns a reader of samples start … start + count − 1.
 */
export function normalisedWave(speech: SpeechSource, statistics: WaveStatistics, samples: number) {
  const { mean, deviation } = statistics.wave();
  const normalise = (x: number) => (x - mean) / deviation;
  return (start: number, count: number): Float32Array<ArrayBuffer> => {
    const wave = new Float32Array(count);
    const end = Math.min(start + count, samples);
    if (end > start) wave.set(speech.slice(start, end).map(normalise));
    if (end < start + count)
      wave.fill(normalise(speech.slice(samples - 1, samples)[0] ?? 0), Math.max(0, end - start));
    return wave;
  };
}
