import type { Random } from './random.js';

/** Red, green, blue, each 0 … 1. */
export type Colour = readonly [number, number, number];

export const hairStyles = ['short', 'part', 'fringe', 'long', 'bob', 'afro', 'bun', 'bald'] as const;
export type HairStyle = (typeof hairStyles)[number];

/** Who is drawn. Lengths are in half pictures, the picture being −1 … 1 on both axes, y down. */
export interface Identity {
  readonly skin: Colour;
  readonly hair: Colour;
  readonly iris: Colour;
  readonly lip: Colour;
  readonly background: readonly [Colour, Colour];
  readonly backgroundAngle: number;
  readonly cloth: Colour;
  readonly collar: Colour;
  readonly hasCollar: boolean;
  /** Half axes of the head, how much of its width the chin keeps (0 … 1), and how red the cheeks are. */
  readonly headX: number;
  readonly headY: number;
  readonly chin: number;
  readonly blush: number;
  readonly hairStyle: HairStyle;
  readonly hairline: number;
  readonly parting: number;
  readonly hairVolume: number;
  /** Eyes: place, half width, half height, radius of the iris, slant. */
  readonly eyeX: number;
  readonly eyeY: number;
  readonly eyeWidth: number;
  readonly eyeHeight: number;
  readonly irisRadius: number;
  readonly eyeSlant: number;
  readonly lash: number;
  /** Brows: thickness, half length, height over the eye, how much darker than the hair. */
  readonly browThickness: number;
  readonly browLength: number;
  readonly browY: number;
  readonly browDark: number;
  readonly noseLength: number;
  readonly noseWidth: number;
  readonly noseY: number;
  /** Mouth: place, half width, thickness of the lips. */
  readonly mouthY: number;
  readonly mouthWidth: number;
  readonly lipThickness: number;
  readonly hasGlasses: boolean;
  readonly ear: number;
  readonly neck: number;
}

const bytes = (...values: readonly (readonly number[])[]): Colour[] =>
  values.map(([r = 0, g = 0, b = 0]) => [r / 255, g / 255, b / 255]);

// prettier-ignore
const skins = bytes(
  [255, 224, 196], [250, 208, 172], [240, 192, 150], [224, 172, 125], [198, 140, 96], [166, 112, 74], [132, 86, 56],
  [100, 64, 42], [247, 216, 203],
);
// prettier-ignore
const hairs = bytes(
  [30, 24, 22], [60, 38, 24], [96, 60, 32], [140, 92, 48], [200, 150, 80], [232, 196, 120], [170, 66, 32],
  [120, 118, 120], [200, 200, 205], [92, 40, 90], [40, 70, 120], [200, 80, 120],
);
const hairWeights = [4, 4, 4, 3, 2, 2, 1.5, 1.5, 1, 0.5, 0.4, 0.5];
const styleWeights = [0.16, 0.14, 0.14, 0.14, 0.14, 0.1, 0.13, 0.05];
const irises = bytes(
  [70, 44, 24],
  [40, 26, 18],
  [60, 110, 160],
  [70, 130, 80],
  [110, 110, 120],
  [130, 90, 40],
);
const lips = bytes([200, 90, 90], [176, 70, 78], [150, 60, 60], [214, 110, 110], [190, 60, 90]);

/** Somebody who never was: seed and stream of `random` say who. */
export function randomIdentity(random: Random): Identity {
  const { uniform, normal, choice } = random;
  const near = (colour: Colour, deviation: number, low = 0.02): Colour =>
    mapColour(colour, (value) => Math.min(1 - low, Math.max(low, value + deviation * normal())));
  const pick = (table: readonly Colour[], deviation: number, weights = table.map(() => 1)): Colour =>
    near(table[choice(weights)]!, deviation);
  const any = (low: number, high: number): Colour => [
    uniform(low, high),
    uniform(low, high),
    uniform(low, high),
  ];
  const skin = pick(skins, 0.02);
  const lipColour = pick(lips, 0.03);
  const first = any(0.15, 0.95);
  const styleOf = choice(styleWeights);
  return {
    skin,
    hair: pick(hairs, 0.025, hairWeights),
    iris: pick(irises, 0.03),
    // Lips go with the skin.
    lip: [
      0.55 * lipColour[0] + 0.45 * 0.95 * skin[0],
      0.55 * lipColour[1] + 0.45 * 0.7 * skin[1],
      0.55 * lipColour[2] + 0.45 * 0.7 * skin[2],
    ],
    background: [first, uniform(0, 1) < 0.5 ? first : near(first, 0.2, 0.05)],
    backgroundAngle: uniform(0, 2 * Math.PI),
    cloth: any(0.08, 0.92),
    collar: any(0.08, 0.95),
    hasCollar: uniform(0, 3) >= 1,
    headX: uniform(0.44, 0.53),
    headY: uniform(0.56, 0.65),
    chin: uniform(0.55, 0.95),
    blush: uniform(0, 0.5),
    hairStyle: hairStyles[styleOf]!,
    hairline: uniform(-0.4, -0.27),
    parting: uniform(-0.3, 0.3),
    hairVolume: uniform(0.03, 0.1),
    eyeX: uniform(0.185, 0.235),
    eyeY: uniform(-0.13, -0.05),
    eyeWidth: uniform(0.098, 0.132),
    eyeHeight: uniform(0.072, 0.102),
    irisRadius: uniform(0.048, 0.064),
    eyeSlant: uniform(-0.12, 0.12),
    lash: uniform(0.01, 0.022),
    browThickness: uniform(0.016, 0.036),
    browLength: uniform(0.1, 0.14),
    browY: uniform(-0.15, -0.125),
    browDark: uniform(0.35, 0.75),
    noseLength: uniform(0.09, 0.15),
    noseWidth: uniform(0.035, 0.065),
    noseY: uniform(0.1, 0.16),
    mouthY: uniform(0.31, 0.36),
    mouthWidth: uniform(0.17, 0.22),
    lipThickness: uniform(0.018, 0.036),
    hasGlasses: uniform(0, 1) < 0.1,
    ear: uniform(0.07, 0.1),
    neck: uniform(0.21, 0.28),
  };
}

export function mapColour([r, g, b]: Colour, f: (value: number) => number): Colour {
  return [f(r), f(g), f(b)];
}
