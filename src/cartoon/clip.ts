import { resample } from '../media/resample.js';
import type { CartoonMotion } from './motion.js';
import { openRandom, type Random } from './random.js';
import { sentence } from './sentences.js';
import { cartoonEmotions, talkingMotion, type CartoonEmotion } from './talking.js';
import { mouthCurves, type MouthCurves, type Phoneme } from './visemes.js';
import { colourVoice, jawGains, prosodyOf, type Prosody } from './voice.js';

/** A cartoon head that talks: everything about it that a model could learn is known. */
export interface CartoonClip {
  /** Mono, 16 kHz. */
  readonly sound: Float32Array<ArrayBuffer>;
  /** One a frame. */
  readonly motion: readonly CartoonMotion[];
  /** What the voice and the face express. They differ in half of the clips to train with: so redirection is learnt. */
  readonly voice: CartoonEmotion;
  readonly face: CartoonEmotion;
  /** Clips of one utterance are never on both sides of the split. */
  readonly utterance: string;
}

/** Says a sentence: a speech synthesiser with the times of its phonemes. */
export interface Synthesiser {
  readonly sampleRate: number;
  say(
    text: string,
    voice: string,
    prosody: Prosody,
  ): { readonly sound: Float32Array; readonly phonemes: readonly Phoneme[] };
}

/** A recording whose mouth is known. */
export interface KnownSpeech {
  readonly name: string;
  /** Mono, 16 kHz. */
  readonly sound: Float32Array;
  readonly mouth: MouthCurves;
  readonly emotion: CartoonEmotion;
}

export interface ClipOptions {
  readonly seed: number;
  /** Which clip: the same seed and index make the same clip. */
  readonly index: number;
  readonly heldOut: boolean;
  readonly fps: number;
}

const rate = 16_000;
const accents = ['en-us', 'en', 'en-gb-scotland', 'en-gb-x-rp'];
// prettier-ignore
const variants = [
  '', '+m1', '+m2', '+m3', '+m4', '+m5', '+m6', '+m7', '+f1', '+f2', '+f3', '+f4', '+f5', '+Andy', '+Annie', '+steph',
  '+linda', '+michel', '+max', '+pablo',
];
/** Longer utterances are drawn again, in seconds. */
const longest = 6.4;

/** A sentence said by the synthesiser. Clips that are held out have sentences of their own. */
export function synthesisedClip(synthesiser: Synthesiser, options: ClipOptions): CartoonClip {
  const { seed, index, heldOut, fps } = options;
  const random = openRandom(seed, index);
  const voice = cartoonEmotions[index % cartoonEmotions.length]!;
  for (let attempt = 1; ; attempt++) {
    const text = sentence(random, heldOut);
    const accent = accents[random.choice([0.55, 0.2, 0.1, 0.15])]!;
    const variant = variants[Math.floor(random.uniform(0, variants.length))]!;
    const said = synthesiser.say(text, accent + variant, prosodyOf(voice, random));
    const { sound, phonemes } = placed(said, synthesiser.sampleRate, voice, random);
    const seconds = sound.length / rate;
    if (seconds > longest && attempt < 20) continue;
    const mouth = mouthCurves(phonemes, seconds, fps, jawGains[voice]);
    return { ...talk(sound, mouth, voice, options, random), utterance: text };
  }
}

/**
 * One of the recordings, said by another head: a few of them make as many clips as one likes, but no more words. The
 * last one is kept for clips that are held out.
 */
export function recordedClip(recordings: readonly KnownSpeech[], options: ClipOptions): CartoonClip {
  const random = openRandom(options.seed, options.index);
  const known = recordings.slice(0, -1);
  const { sound, mouth, emotion, name } = options.heldOut
    ? recordings.at(-1)!
    : known[options.index % known.length]!;
  return { ...talk(Float32Array.from(sound), mouth, emotion, options, random), utterance: name };
}

function talk(
  sound: Float32Array<ArrayBuffer>,
  mouth: MouthCurves,
  voice: CartoonEmotion,
  { heldOut, fps }: ClipOptions,
  random: Random,
): Omit<CartoonClip, 'utterance'> {
  const another = !heldOut && random.uniform(0, 1) < 0.5;
  const face = another ? cartoonEmotions[Math.floor(random.uniform(0, cartoonEmotions.length))]! : voice;
  return { sound, voice, face, motion: talkingMotion({ sound, sampleRate: rate, mouth }, face, fps, random) };
}

/** What was said, coloured by the emotion, between short silences. */
function placed(
  { sound, phonemes }: { readonly sound: Float32Array; readonly phonemes: readonly Phoneme[] },
  sampleRate: number,
  emotion: CartoonEmotion,
  random: Random,
) {
  const [lead, tail] = [random.uniform(0.05, 0.45), random.uniform(0.1, 0.5)];
  const spoken = resample(sound, sampleRate, rate);
  const end = Math.min(spoken.length, spoken.findLastIndex((value) => Math.abs(value) > 0.01) + 800);
  const before = Math.round(lead * rate);
  const length = Math.max(before + end + Math.round(tail * rate), Math.round(2.6 * rate));
  const whole = new Float32Array(length);
  whole.set(colourVoice(spoken.slice(0, end), rate, emotion, random), before);
  return {
    sound: whole,
    phonemes: phonemes.map(({ start, symbol }) => ({ start: start + lead, symbol })),
  };
}
