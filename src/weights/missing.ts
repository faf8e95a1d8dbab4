import type { ModelConfig } from './config.js';
import { quote } from './json.js';
import { expectedTensors, isUnused, type ModelPart } from './manifest.js';
import type { WeightSource } from './source.js';

interface Piece {
  readonly names: readonly string[];
  readonly words: string;
  /** The part of the model that it is. */
  readonly part?: ModelPart;
}

/** How to do without a part, in the words of who needs it: it follows `or`. */
export type Instead = Partial<Record<ModelPart, string>>;

/** What people have as one file or folder: the beginnings of its tensors' names, and what to do without it. */
const pieces: readonly Piece[] = [
  {
    names: ['motion_autoencoder.', 'fmt.', 'audio_encoder.audio_projection.'],
    words: 'float.pth is missing: of the tensors of FLOAT itself (motion_autoencoder, fmt, audio_projection) there is none',
  },
  {
    names: ['audio_encoder.wav2vec2.'],
    words:
      'the wav2vec2 folder is missing: give wav2vec2-base-960h (config.json and model.safetensors) too, or put it beside float.pth',
  },
  {
    names: ['emotion_encoder.'],
    words:
      'the emotion folder is missing: give wav2vec-english-speech-emotion-recognition (config.json and ' +
      'model.safetensors) too, or put it beside float.pth',
    part: 'emotion_encoder',
  },
  { names: ['motion_autoencoder.'], words: 'the motion_autoencoder tensors of float.pth are missing' },
  { names: ['motion_autoencoder.enc.'], words: 'the motion_autoencoder.enc tensors of float.pth are missing' },
  { names: ['motion_autoencoder.dec.'], words: 'the motion_autoencoder.dec tensors of float.pth are missing' },
  { names: ['audio_encoder.audio_projection.'], words: 'the audio_projection tensors of float.pth are missing' },
  { names: ['fmt.'], words: 'the fmt tensors of float.pth are missing' },
];

/**
 * Says which pieces of a checkpoint are missing as a whole, as far as they are needed.
 *
 * @param missing tensors that are needed and not there.
 * @param instead how to do without.
 * @returns a sentence for each, and what is missing otherwise.
 */
export function missingInWords(
  missing: readonly string[],
  source: WeightSource,
  model: ModelConfig,
  instead: Instead = {},
): { words: string[]; rest: readonly string[] } {
  const words: string[] = [];
  let rest = missing;
  for (const piece of pieces) {
    const isOf = (name: string) => piece.names.some((start) => name.startsWith(start));
    const needed = [...expectedTensors(model).keys()].filter((name) => isOf(name) && !isUnused(name));
    const gone = new Set(rest);
    if (!piece.names.every((start) => rest.some((name) => name.startsWith(start)))) continue;
    if (!needed.every((name) => gone.has(name)) || [...source.tensors.keys()].some(isOf)) continue;
    const otherwise = piece.part && instead[piece.part];
    words.push(otherwise === undefined ? piece.words : `${piece.words}; or ${otherwise}`);
    rest = rest.filter((name) => !isOf(name));
  }
  if (words.length >= 3 && rest.length === 0 && source.tensors.size > 0) return { words: [nothing(source)], rest };
  return { words, rest };
}

/** Weights of something else. */
function nothing({ tensors }: WeightSource): string {
  const shown = [...tensors.keys()].slice(0, 3).map((name) => quote(name));
  return `not a checkpoint of FLOAT: none of its tensors is one of the model's (${shown.join(', ')}, …)`;
}
