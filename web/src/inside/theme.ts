import { signal } from '@preact/signals';

/** The colours a drawing takes from the page's custom properties. */
export interface Theme {
  readonly text: string;
  readonly muted: string;
  readonly border: string;
  readonly accent: string;
  /** `surface` and `accent` as R, G, B, for pictures made pixel by pixel. */
  readonly surfaceRgb: readonly number[];
  readonly accentRgb: readonly number[];
  readonly font: string;
}

const known = new Map<string, readonly number[]>();

/** Whether the page is dark, told by what its text looks like: drawings are made anew when it changes. */
export const dark = signal(isDark());

const update = () => {
  dark.value = isDark();
};
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', update);
new MutationObserver(update).observe(document.documentElement, { attributes: true });

function isDark(): boolean {
  return brightness(rgbOf(getComputedStyle(document.body).color)) > 128;
}

/** Reads the colours of a canvas as the browser has resolved them; inside.css says which property carries which. */
export function themeOf(canvas: HTMLCanvasElement): Theme {
  const style = getComputedStyle(canvas);
  const { color: text, columnRuleColor: surface, caretColor: accent } = style;
  return {
    text,
    muted: style.textDecorationColor,
    border: style.borderTopColor,
    accent,
    surfaceRgb: rgbOf(surface),
    accentRgb: rgbOf(accent),
    font: style.fontFamily,
  };
}

function brightness([r = 0, g = 0, b = 0]: readonly number[]): number {
  return 0.3 * r + 0.6 * g + 0.1 * b;
}

/** R, G, B of any CSS colour, by painting with it. */
function rgbOf(colour: string): readonly number[] {
  const before = known.get(colour);
  if (before) return before;
  const probe = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  if (!probe) return [0, 0, 0];
  probe.fillStyle = colour;
  probe.fillRect(0, 0, 1, 1);
  const rgb = [...probe.getImageData(0, 0, 1, 1).data.subarray(0, 3)];
  known.set(colour, rgb);
  return rgb;
}

/** Colours of many lines, told apart by hue: neighbours lie a golden angle from each other. */
export function lineColour(index: number): string {
  const hue = (212 + index * 137.508) % 360;
  return dark.value ? `hsl(${hue} 75% 68%)` : `hsl(${hue} 75% 38%)`;
}
