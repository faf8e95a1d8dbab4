import { speechSamples } from '../media/speech.js';
import { createAudioEncoder } from '../models/speech/audio-encoder.js';
import { createEmotionEncoder } from '../models/speech/emotion-encoder.js';
import type { HostTensor } from '../runtime/evaluate.js';
import type { GoldenFiles } from './golden-set.js';
import type { StageContext, StageResult } from './stage.js';
import { required } from './stage.js';

/** `wave.wav` → features, layer by layer. */
export async function verifyAudio({ float, files }: StageContext): Promise<StageResult> {
  const encoder = await createAudioEncoder(float.gpu, float.weights, float.model, float.precision);
  try {
    const tensors = new Map<string, HostTensor>();
    const wave = await waveOf(files);
    const wa = await encoder.encode(wave, { taps: tensors });
    return { tensors: tensors.set('wa', { shape: [1, wa.length / float.model.config.dim_a], data: wa }) };
  } finally {
    encoder.destroy();
  }
}

/** `wave.wav` → emotion probabilities. */
export async function verifyEmotion({ float, files }: StageContext): Promise<StageResult> {
  const { gpu, weights, model, precision } = float;
  const encoder = await createEmotionEncoder(gpu, weights, model.emotion, precision);
  try {
    const tensors = new Map<string, HostTensor>();
    await encoder.classify(await waveOf(files), { taps: tensors });
    return { tensors };
  } finally {
    encoder.destroy();
  }
}

async function waveOf(files: GoldenFiles): Promise<Float32Array> {
  return speechSamples(await required(files, 'wave.wav', files.sound('wave.wav')));
}
