import type { Square } from '../engine/api.js';
import type { Portrait } from '../state.js';
import { texts } from '../texts.js';

interface PreviewProps {
  readonly portrait: Portrait;
  readonly square: Square;
}

/** The part of the portrait that will move, alone. */
export function CutPreview({ portrait, square }: PreviewProps) {
  return (
    <div class="preview cut" role="img" aria-label={texts.run.preview}>
      <img src={portrait.url} alt="" style={zoomed(square, portrait)} />
    </div>
  );
}

/** The whole portrait; in it, outlined, the square that will move, and the border in which it fades away. */
export function WholePreview({ portrait, square }: PreviewProps) {
  return (
    <div class="preview whole" role="img" aria-label={texts.run.previewPasteBack}>
      <div class="fit" style={{ '--aspect': String(portrait.width / portrait.height) }}>
        <img src={portrait.url} alt="" />
        <span class="feather" style={placed(square, portrait)} />
      </div>
    </div>
  );
}

const percent = (part: number, whole: number) => `${(100 * part) / whole}%`;

function placed({ x, y, size }: Square, { width, height }: Portrait) {
  return {
    left: percent(x, width),
    top: percent(y, height),
    width: percent(size, width),
    height: percent(size, height),
    '--left': faded(x > 0),
    '--right': faded(x + size < width),
    '--top': faded(y > 0),
    '--bottom': faded(y + size < height),
  };
}

/** The outer eighth of the square, but not where the picture ends. */
function faded(inside: boolean): string {
  return inside ? '12.5%' : '0%';
}

/** The picture so large and so far out of its frame that the square fills the frame. */
function zoomed({ x, y, size }: Square, { width, height }: Portrait) {
  return {
    left: percent(-x, size),
    top: percent(-y, size),
    width: percent(width, size),
    height: percent(height, size),
  };
}
