import { resample } from './resample.js';
import { toMono, type Sound } from './sound.js';

/** The rate both wav2vec2 models expect, in Hz (Sec. 4 of docs/model.md). */
export const SPEECH_RATE = 16_000;

/** What the audio encoders hear: mono, 16 kHz, not normalised. */
export function speechSamples(sound: Sound): Float32Array {
  return resample(toMono(sound), sound.sampleRate, SPEECH_RATE);
}
