import type { Picture } from './picture.js';
import type { Note } from './note.js';

/**
 * What becomes of transparency, which the model does not know. 'blend' lays the picture over black, the colour with
 * which the published script surrounds a face near the border. 'drop' leaves alpha out, as the published script does:
 * hidden colours show.
 */
export const alphaRules = ['blend', 'drop'] as const;
export type AlphaRule = (typeof alphaRules)[number];

export interface ReadPictureOptions {
  /** 'blend' if left out. */
  readonly alpha?: AlphaRule;
  /** Is told, in a line, what was done to the picture. Otherwise it is printed to standard error or the console. */
  readonly note?: Note;
}

/** A decoded picture: RGBA, four bytes a pixel, colours not multiplied by alpha. */
export interface RgbaPicture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
}

/** RGBA → RGB by the rule; what is said of it is said only of a picture that is transparent somewhere. */
export function removeAlpha(
  { width, height, data: rgba }: RgbaPicture,
  name: string,
  { alpha: rule = 'blend', note = console.warn }: ReadPictureOptions,
): Picture {
  const data = new Uint8Array(width * height * 3);
  let transparent = false;
  for (let from = 0, to = 0; to < data.length; from += 4, to += 3) {
    const alpha = rgba[from + 3]!;
    transparent ||= alpha !== 255;
    for (let c = 0; c < 3; c++) {
      const value = rgba[from + c]!;
      data[to + c] = alpha === 255 || rule === 'drop' ? value : Math.round((value * alpha) / 255);
    }
  }
  if (transparent) note(`${name}: ${DONE[rule]}`);
  return { width, height, data };
}

const DONE: Readonly<Record<AlphaRule, string>> = {
  blend:
    'is transparent in places: laid over black (alpha "blend"; "drop" shows the colours beneath, as the published script does)',
  drop: 'is transparent in places: the colours beneath show (alpha "drop"; "blend" lays them over black)',
};
