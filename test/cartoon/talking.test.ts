import { describe, expect, it } from 'vitest';
import type { Synthesiser } from '../../src/cartoon/clip.js';
import { recordedClip, synthesisedClip } from '../../src/cartoon/clip.js';
import { lowPass, soften } from '../../src/cartoon/filters.js';
import { knownCoefficients, motionNames, neutral, randomMotion } from '../../src/cartoon/motion.js';
import { openRandom } from '../../src/cartoon/random.js';
import { cartoonEmotions, talkingMotion } from '../../src/cartoon/talking.js';
import { mouthCurves } from '../../src/cartoon/visemes.js';
import { colourVoice } from '../../src/cartoon/voice.js';
import { emotions } from '../../src/models/speech/emotions.js';
import { exampleSpeech } from '../../src/node/known-speech.js';
import { correlation } from '../../src/train/evaluate-motion.js';

describe('mouthCurves', () => {
  const phonemes = ['m', 'ˈɑː', 'p', 'uː', ''].map((symbol, i) => ({ start: 0.2 + 0.2 * i, symbol }));
  const { jaw, round } = mouthCurves(phonemes, 1.5, 25);
  const at = (seconds: number) => Math.floor(25 * seconds);

  it('close on m and p, open on a, round on u, and rest closed', () => {
    expect(jaw).toHaveLength(38);
    expect([jaw[0], jaw[at(0.3)], jaw[at(0.7)], jaw[at(1.4)]].every((value) => value! < 0.05)).toBe(true);
    expect(jaw[at(0.5)]).toBeGreaterThan(0.7);
    expect(round[at(0.9)]).toBeGreaterThan(0.7);
    expect(round[at(0.5)]).toBeLessThan(0.2);
  });

  it('open wider by a gain, and never beyond 1', () => {
    const wide = mouthCurves(phonemes, 1.5, 25, 3).jaw;
    expect(Math.max(...wide)).toBe(1);
    expect(wide[at(0.5)]).toBeGreaterThan(jaw[at(0.5)]!);
  });
});

describe('filters', () => {
  it('pass a constant and stop what is fast', () => {
    const constant = lowPass(new Float64Array(200).fill(1), 0.1);
    expect(constant.at(-1)).toBeCloseTo(1, 6);
    const fast = lowPass(
      Float64Array.from({ length: 200 }, (_, i) => (-1) ** i),
      0.1,
    );
    expect(Math.abs(fast.at(-1)!)).toBeLessThan(1e-3);
    expect([...soften([0, 0, 4, 0, 0])]).toEqual([0.25, 1, 1.5, 1, 0.25]);
  });
});

describe('talkingMotion', () => {
  const sound = Float32Array.from({ length: 64_000 }, (_, i) => (i > 16_000 ? 0.5 * Math.sin(i / 8) : 0));
  const mouth = mouthCurves([{ start: 1, symbol: 'a' }], 4, 25);
  const talk = (seed: number, emotion = cartoonEmotions[0]!) =>
    talkingMotion({ sound, sampleRate: 16_000, mouth }, emotion, 25, openRandom(seed, 0));

  it('is the same with the same seed, moves the mouth as told, blinks, and stays within what heads can do', () => {
    const motion = talk(1);
    expect(talk(1)).toEqual(motion);
    expect(talk(2)).not.toEqual(motion);
    expect(motion).toHaveLength(100);
    motion.forEach(({ jaw }, i) => expect(jaw).toBeCloseTo(mouth.jaw[i]!, 6));
    expect(Math.max(...motion.map(({ blink }) => blink))).toBe(1);
    for (const one of motion) {
      expect(Math.abs(one.yaw)).toBeLessThanOrEqual(0.42);
      expect(motionNames.every((name) => Number.isFinite(one[name]))).toBe(true);
    }
  });

  it('wears the emotion', () => {
    const mean = (emotion: (typeof cartoonEmotions)[number]) =>
      talk(1, emotion).reduce((sum, { smile }) => sum + smile, 0) / 100;
    expect(mean('happy')).toBeGreaterThan(0.5);
    expect(mean('sad')).toBeLessThan(-0.4);
  });

  it('knows the emotions of the encoder, in its order', () => {
    expect(cartoonEmotions).toEqual(emotions);
  });
});

describe('colourVoice', () => {
  it.each(cartoonEmotions)('keeps length and loudness, %s', (emotion) => {
    const sound = Float32Array.from({ length: 4000 }, (_, i) => Math.sin(i / 5));
    const voice = colourVoice(sound, 16_000, emotion, openRandom(1, 0));
    expect(voice).toHaveLength(4000);
    expect(voice.reduce((most, value) => Math.max(most, Math.abs(value)), 0)).toBeCloseTo(0.7, 3);
  });
});

describe('knownCoefficients', () => {
  it('are of mean 0 and deviation 1 over random motions, and 0 beyond the directions', () => {
    const random = openRandom(1, 0);
    const lambdas = Array.from({ length: 2000 }, () => knownCoefficients(randomMotion(random), 20));
    motionNames.forEach((name, i) => {
      const values = lambdas.map((lambda) => lambda[i]!);
      const mean = values.reduce((a, b) => a + b, 0) / 2000;
      const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 2000);
      expect(Math.abs(mean), name).toBeLessThan(0.1);
      expect(Math.abs(deviation - 1), name).toBeLessThan(0.1);
    });
    expect([...knownCoefficients(neutral, 20).slice(15)]).toEqual([0, 0, 0, 0, 0]);
  });
});

describe('a clip', () => {
  const told: string[] = [];
  const beep: Synthesiser = {
    sampleRate: 8000,
    say(text, voice) {
      told.push(`${voice}: ${text}`);
      const sound = Float32Array.from({ length: 16_000 }, (_, i) => 0.3 * Math.sin(i / 4));
      return { sound, phonemes: [{ start: 0.1, symbol: 'a' }] };
    },
  };
  const options = { seed: 1, index: 3, heldOut: false, fps: 25 };

  it('has a motion a frame of its sound, and depends on seed and index alone', () => {
    const clip = synthesisedClip(beep, options);
    expect(clip.motion).toHaveLength(Math.ceil(clip.sound.length / 640));
    expect(synthesisedClip(beep, options)).toEqual(clip);
    expect(synthesisedClip(beep, { ...options, index: 4 }).utterance).not.toBe(clip.utterance);
    expect(told[0]).toMatch(/^en[\w-]*(\+\w+)?: [A-Z].*[.!?]$/);
  });

  it('never has an utterance on both sides of the split', () => {
    const said = (heldOut: boolean) =>
      Array.from(
        { length: 12 },
        (_, index) => synthesisedClip(beep, { ...options, index, heldOut }).utterance,
      );
    const held = new Set(said(true));
    expect(said(false).filter((text) => held.has(text))).toEqual([]);
  });

  it('of the recordings follows their mouths: the one that is held out is its own', async () => {
    const recordings = await exampleSpeech();
    const clip = recordedClip(recordings, { ...options, heldOut: true });
    expect(clip.utterance).toBe('happy');
    const [r] = correlation(
      clip.motion.map(({ jaw }) => jaw),
      recordings.at(-1)!.mouth.jaw,
    );
    expect(r).toBeGreaterThan(0.98);
    const others = [0, 1, 2, 3].map((index) => recordedClip(recordings, { ...options, index }).utterance);
    expect(new Set(others)).toEqual(new Set(['neutral', 'angry']));
  });
});
