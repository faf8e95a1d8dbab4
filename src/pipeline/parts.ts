import type { Emotion } from '../models/speech/emotions.js';
import type { ModelPart } from '../weights/manifest.js';
import type { EmotionSchedule } from './schedule.js';
import { emotionSchedule, hearsEmotion } from './schedule.js';

/**
 * The parts of a checkpoint that a run needs: the auto-encoder alone where motion is given; the emotion encoder only
 * where an emotion is heard. For `parts` of `openWeights` and `loadWeights`.
 */
export function neededParts(run: {
  readonly motion?: unknown;
  readonly emotion?: Emotion | EmotionSchedule | undefined;
}): ModelPart[] {
  const { motion, emotion } = run;
  if (motion !== undefined) return ['motion_autoencoder'];
  const heard = hearsEmotion(emotionSchedule(emotion));
  return ['motion_autoencoder', 'audio_encoder', ...(heard ? (['emotion_encoder'] as const) : []), 'fmt'];
}
