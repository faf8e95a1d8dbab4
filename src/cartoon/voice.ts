import { follow } from './filters.js';
import type { Random } from './random.js';
import type { CartoonEmotion } from './talking.js';

/** How a synthesiser is to say something, in espeak-ng's units. */
export interface Prosody {
  /** Words a minute. */
  readonly rate: number;
  /** 0 … 99, and so is its range. */
  readonly pitch: number;
  readonly range: number;
  /** Pauses between words, in 10 ms. */
  readonly gap: number;
}

const prosodies: Readonly<Record<CartoonEmotion, Prosody>> = {
  angry: { rate: 192, pitch: 55, range: 90, gap: 0 },
  disgust: { rate: 128, pitch: 28, range: 70, gap: 2 },
  fear: { rate: 205, pitch: 85, range: 25, gap: 0 },
  happy: { rate: 172, pitch: 72, range: 95, gap: 0 },
  neutral: { rate: 160, pitch: 48, range: 50, gap: 0 },
  sad: { rate: 118, pitch: 30, range: 12, gap: 2 },
  surprise: { rate: 165, pitch: 92, range: 99, gap: 1 },
};

/** How much wider than usual the mouth opens. */
export const jawGains: Readonly<Record<CartoonEmotion, number>> = {
  angry: 1.12,
  disgust: 0.9,
  fear: 0.9,
  happy: 1.05,
  neutral: 1,
  sad: 0.8,
  surprise: 1.08,
};

export function prosodyOf(emotion: CartoonEmotion, random: Random): Prosody {
  const { rate, pitch, range, gap } = prosodies[emotion];
  const near = (value: number, deviation: number, low: number) =>
    Math.round(Math.min(99, Math.max(low, value + deviation * random.normal())));
  return {
    rate: Math.round(rate * random.uniform(0.92, 1.08)),
    pitch: near(pitch, 5, 3),
    range: near(range, 6, 0),
    gap,
  };
}

/** What makes a voice sound moved: its spectrum's tilt, tremolo, distortion, breath. The loudest sample becomes 0.7. */
export function colourVoice(
  sound: Float32Array,
  rate: number,
  emotion: CartoonEmotion,
  random: Random,
): Float32Array<ArrayBuffer> {
  const { uniform, normal } = random;
  const x = Float64Array.from(sound);
  scaleTo(x, 1);
  const turn = (hertz: number, i: number) => (2 * Math.PI * hertz * i) / rate;
  const breath = (much: number) => {
    const envelope = follow(x.map(Math.abs), 0.005);
    return envelope.map((value) => much * value * normal());
  };
  const y = ((): Float64Array => {
    switch (emotion) {
      case 'angry': {
        const drive = uniform(3, 5);
        return shelf(x, uniform(5, 9), 1500, rate).map((value) => Math.tanh(drive * value));
      }
      case 'disgust': {
        const [depth, hertz] = [uniform(0.35, 0.55), uniform(38, 50)];
        // The voice creaks: on for a third of each period.
        return shelf(x, -4, 1800, rate).map((v, i) => v * (((i * hertz) / rate) % 1 < 0.35 ? 1 - depth : 1));
      }
      case 'fear': {
        const [depth, hertz] = [uniform(0.3, 0.45), uniform(6.5, 8.5)];
        const air = breath(uniform(0.25, 0.45));
        return x.map((v, i) => v * (1 - depth * (0.5 + 0.5 * Math.sin(turn(hertz, i)))) + air[i]!);
      }
      case 'happy': {
        const hertz = uniform(3, 4.2);
        return shelf(x, uniform(3, 6), 2500, rate).map((v, i) => v * (1 + 0.18 * Math.sin(turn(hertz, i))));
      }
      case 'sad': {
        const air = breath(0.1);
        return shelf(x, uniform(-14, -9), 900, rate).map((v, i) => v + air[i]!);
      }
      case 'surprise': {
        const air = breath(0.12);
        return shelf(x, 4, 1500, rate).map((v, i) => v * (0.7 + (0.55 * i) / x.length) + air[i]!);
      }
      case 'neutral':
        return x;
    }
  })();
  scaleTo(y, 0.7);
  return Float32Array.from(y);
}

/** What lies above `hertz`, by a filter of first order, made louder or softer by so many decibels. */
function shelf(x: Float64Array, decibels: number, hertz: number, rate: number): Float64Array {
  const gain = 10 ** (decibels / 20);
  const low = follow(x, 1 - Math.exp((-2 * Math.PI * hertz) / rate));
  return x.map((value, i) => low[i]! + gain * (value - low[i]!));
}

function scaleTo(x: Float64Array, most: number): void {
  const peak = x.reduce((a, b) => Math.max(a, Math.abs(b)), 0) + 1e-6;
  for (let i = 0; i < x.length; i++) x[i]! *= most / peak;
}
