import { follow, smoothNoise, soften } from './filters.js';
import type { CartoonMotion } from './motion.js';
import { clamp } from './pixel.js';
import type { Random } from './random.js';
import type { MouthCurves } from './visemes.js';

/** What an emotion does to a face and a head. */
interface Expression {
  /** Where the face rests. */
  readonly smile: number;
  readonly brow: number;
  readonly anger: number;
  readonly wide: number;
  readonly pitch: number;
  readonly yaw: number;
  readonly roll: number;
  readonly gazeY: number;
  /** Opens the mouth a little more. */
  readonly jaw: number;
  /** How far and how fast the head moves, and how much it trembles. */
  readonly moves: number;
  readonly speed: number;
  readonly trembles: number;
}

const still: Expression = {
  smile: 0,
  brow: 0,
  anger: 0,
  wide: 0,
  pitch: 0,
  yaw: 0,
  roll: 0,
  gazeY: 0,
  jaw: 0,
  moves: 0.9,
  speed: 1,
  trembles: 0,
};

// prettier-ignore
const expressions = {
  angry: { ...still, smile: -0.4, brow: -0.45, anger: 0.95, wide: 0.15, pitch: 0.06, moves: 1.35, speed: 1.4 },
  disgust: { ...still, smile: -0.75, brow: -0.25, anger: 0.45, wide: -0.45, pitch: -0.05, yaw: 0.13, roll: 0.07,
    gazeY: 0.1, moves: 0.8, speed: 0.8 },
  fear: { ...still, smile: -0.3, brow: 0.65, anger: -0.7, wide: 0.85, pitch: -0.04, gazeY: -0.05, jaw: 0.03, moves: 0.8,
    speed: 1.3, trembles: 0.012 },
  happy: { ...still, smile: 0.9, brow: 0.3, anger: -0.05, pitch: -0.03, roll: 0.02, jaw: 0.02, moves: 1.2, speed: 1.15 },
  neutral: still,
  sad: { ...still, smile: -0.7, brow: 0.05, anger: -0.9, wide: -0.35, pitch: 0.13, roll: 0.05, gazeY: 0.35, moves: 0.55,
    speed: 0.55 },
  surprise: { ...still, smile: 0.05, brow: 1.05, anger: -0.1, wide: 0.95, pitch: -0.06, gazeY: -0.05, jaw: 0.1, moves: 1,
    speed: 1.2 },
} satisfies Record<string, Expression>;

/** What a cartoon head can feel, in the order of the emotion encoder's outputs. */
export type CartoonEmotion = keyof typeof expressions;
export const cartoonEmotions = Object.keys(expressions) as CartoonEmotion[];

export interface Speech {
  /** Mono, `sampleRate` samples a second. */
  readonly sound: Float32Array;
  readonly sampleRate: number;
  readonly mouth: MouthCurves;
}

/**
 * A cartoon head that says something: the mouth from the visemes, the expression from the emotion, the head as smooth
 * noise that grows with the loudness of what is said, blinks and glances at random. A motion a frame of `mouth`.
 */
export function talkingMotion(
  { sound, sampleRate, mouth }: Speech,
  emotion: CartoonEmotion,
  fps: number,
  random: Random,
): CartoonMotion[] {
  const face: Expression = expressions[emotion];
  const frames = mouth.jaw.length;
  const strength = random.uniform(0.75, 1.1);
  const loud = soften(loudness(sound, frames, sampleRate / fps));
  const slow = follow(loud, 0.2);
  const mean = slow.reduce((sum, value) => sum + value, 0) / Math.max(1, frames);
  const side = random.uniform(0, 1) < 0.5 ? -1 : 1;
  const drift = (hertz: number, much: number) =>
    smoothNoise(random, frames, fps, hertz).map((value) => much * value);
  const { moves, speed } = face;
  const yaw = drift(0.45 * speed, 0.1 * moves);
  const pitch = drift(0.6 * speed, 0.045 * moves);
  const roll = drift(0.4 * speed, 0.045 * moves);
  const [tx, ty] = [drift(0.35, 0.018 * moves), drift(0.4, 0.01 * moves)];
  const [smile, brow] = [drift(0.4, 0.06), drift(0.5, 0.1)];
  const [anger, wide] = [drift(0.4, 0.05), drift(0.5, 0.05)];
  const blinks = blinking(random, frames, fps, emotion === 'fear' ? 1.4 : 1);
  const glances = glancing(random, frames, fps);
  const tremble = () => face.trembles * random.normal();
  return Array.from({ length: frames }, (_, i) => {
    const active = 0.45 + 0.75 * slow[i]!;
    const turn = face.yaw * side + active * yaw[i]!;
    const nod = face.pitch * strength + active * pitch[i]! + 0.07 * moves * (slow[i]! - mean);
    const [gazeX, gazeY] = glances[i]!;
    return {
      yaw: clamp(turn + tremble(), -0.42, 0.42),
      pitch: clamp(nod, -0.26, 0.26),
      roll: clamp(face.roll * side + active * roll[i]!, -0.22, 0.22),
      tx: clamp(tx[i]! + 0.05 * turn, -0.1, 0.1),
      ty: clamp(ty[i]! + 0.05 * nod + 0.4 * tremble(), -0.07, 0.07),
      jaw: clamp(mouth.jaw[i]! + face.jaw * strength, 0, 1),
      width: clamp(mouth.width[i] ?? 0, -1, 1),
      round: mouth.round[i] ?? 0,
      smile: clamp(face.smile * strength + smile[i]!, -1.1, 1.1),
      blink: blinks[i]!,
      // The eyes stay where they look while the head turns.
      gazeX: clamp(gazeX - 1.2 * turn, -1, 1),
      gazeY: clamp(gazeY + face.gazeY - (nod - face.pitch), -1, 1),
      brow: clamp(face.brow * strength + brow[i]! + 0.35 * moves * clamp(slow[i]! - 0.45, 0, 1), -1, 1.2),
      anger: clamp(face.anger * strength + anger[i]!, -1, 1.1),
      wide: clamp(face.wide * strength + wide[i]!, -0.5, 1),
    };
  });
}

/** Root mean square of the sound of each frame, the loudest 1. */
function loudness(sound: Float32Array, frames: number, perFrame: number): Float64Array {
  const power = Float64Array.from({ length: frames }, (_, i) => {
    let sum = 0;
    for (let at = Math.floor(i * perFrame); at < Math.floor((i + 1) * perFrame); at++) {
      sum += (sound[at] ?? 0) ** 2;
    }
    return Math.sqrt(sum / perFrame);
  });
  const most = power.reduce((a, b) => Math.max(a, b), 0) + 1e-6;
  return power.map((value) => value / most);
}

const blink = [0.45, 1, 1, 0.65, 0.25];

function blinking(random: Random, frames: number, fps: number, often: number): Float64Array {
  const lids = new Float64Array(frames);
  for (let t = random.uniform(0.3, 3); t * fps < frames; t += random.uniform(1.2, 4.2) / often) {
    blink.forEach((value, d) => {
      const i = Math.floor(t * fps) + d;
      if (i < frames) lids[i] = Math.max(lids[i]!, value);
    });
  }
  return lids;
}

/** Where the eyes look: half the time straight on, and elsewhere after 0.4 to 1.6 seconds. */
function glancing(random: Random, frames: number, fps: number): (readonly [number, number])[] {
  let next = 0;
  let gaze: readonly [number, number] = [0, 0];
  return Array.from({ length: frames }, (_, i) => {
    if (i >= next) {
      gaze = random.uniform(0, 1) < 0.5 ? [0, 0] : [0.22 * random.normal(), 0.15 * random.normal()];
      next = i + Math.floor(random.uniform(0.4, 1.6) * fps);
    }
    return gaze;
  });
}
