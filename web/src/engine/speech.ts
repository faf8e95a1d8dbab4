import type { Sound } from 'float-webgpu';
import type { SpeechSummary } from './api.js';

const pieces = 400;

/** Length and outline of a recording. */
export function summarise({ sampleRate, channels }: Sound): SpeechSummary {
  const samples = channels[0]?.length ?? 0;
  const peaks = new Float32Array(pieces);
  for (const channel of channels) {
    for (let i = 0; i < samples; i++) {
      const piece = Math.floor((i * pieces) / samples);
      peaks[piece] = Math.min(1, Math.max(peaks[piece]!, Math.abs(channel[i]!)));
    }
  }
  return { seconds: samples / sampleRate, peaks };
}
