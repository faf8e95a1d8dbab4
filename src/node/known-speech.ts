import { access } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { InputError } from '../base/errors.js';
import type { KnownSpeech } from '../cartoon/clip.js';
import type { CartoonEmotion } from '../cartoon/talking.js';
import { speechSamples } from '../media/speech.js';
import { parseJsonObject } from '../weights/json.js';
import { readInput } from './files.js';
import { readWav } from './wav.js';

/** Recordings that come with the source, said by a synthesiser, with the curves of the mouth at 25 frames a second. */
const recordings: readonly CartoonEmotion[] = ['neutral', 'angry', 'happy'];

/** @throws InputError where they are not: the package has none of them. */
export async function exampleSpeech(): Promise<KnownSpeech[]> {
  const folder = fileURLToPath(new URL('../../examples/speech/', import.meta.url));
  await access(folder).catch(() => {
    throw new InputError(
      '--cartoon: expected espeak-ng with its library, or the recordings of examples/speech',
    );
  });
  return Promise.all(
    recordings.map(async (emotion) => {
      const path = `${folder}${emotion}.json`;
      const { jaw, width, round } = parseJsonObject(await readInput(path), path);
      const curve = (values: unknown) => (Array.isArray(values) ? values.map(Number) : []);
      return {
        name: emotion,
        emotion,
        sound: speechSamples(await readWav(`${folder}${emotion}.wav`)),
        mouth: { jaw: curve(jaw), width: curve(width), round: curve(round) },
      };
    }),
  );
}
