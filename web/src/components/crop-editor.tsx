import { useEffect, useRef } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { setSquare } from '../actions.js';
import type { Square } from '../engine/api.js';
import type { Portrait } from '../state.js';
import { change, settings, square, squareByHand } from '../state.js';
import { texts } from '../texts.js';
import { dragCorner, moveSquare, resizeSquare } from './square.js';

const corners = [
  { x: -1, y: -1 },
  { x: 1, y: -1 },
  { x: -1, y: 1 },
  { x: 1, y: 1 },
] as const;

/** The steps of the arrow keys and of plus and minus, as parts of the picture's shorter side. */
const keyStep = 1 / 50;

/**
 * The portrait with the square that is animated, moved by pointer or keys, resized at its corners or by plus and minus.
 */
export function CropEditor({ portrait }: { readonly portrait: Portrait }) {
  const frame = useRef<HTMLDivElement>(null);
  const shown = square.value;
  if (!shown) return null;
  const percent = (part: number, whole: number) => `${(100 * part) / whole}%`;
  return (
    <div class="crop-frame" ref={frame} style={{ '--aspect': String(portrait.width / portrait.height) }}>
      <img
        src={portrait.url}
        alt={texts.portrait.shown(portrait.name)}
        width={portrait.width}
        height={portrait.height}
        draggable={false}
      />
      <div
        class="crop-square"
        role="application"
        tabIndex={0}
        aria-label={texts.portrait.square}
        aria-roledescription={texts.portrait.squareRole}
        aria-describedby="square-hint square-place"
        style={{
          left: percent(shown.x, portrait.width),
          top: percent(shown.y, portrait.height),
          width: percent(shown.size, portrait.width),
          height: percent(shown.size, portrait.height),
        }}
        onKeyDown={(event) => {
          const moved = keyed(event, shown, portrait);
          if (!moved) return;
          event.preventDefault();
          setSquare(moved);
        }}
        onPointerDown={(event) => frame.current && drag(event, frame.current, shown, portrait)}
      >
        {corners.map(({ x, y }) => (
          <span key={`${x}${y}`} data-x={x} data-y={y} />
        ))}
      </div>
    </div>
  );
}

/** How the square is moved, and where it is once it rests. */
export function SquareNotes() {
  const at = square.value;
  const text = at ? texts.portrait.squareAt(at.x, at.y, at.size) : '';
  const said = useSignal(text);
  useEffect(() => {
    const timer = setTimeout(() => (said.value = text), 400);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <div>
      <p class="hint" id="square-hint">
        {texts.portrait.squareHint}
      </p>
      <p class="hint numbers" id="square-place" role="status">
        {said}
      </p>
    </div>
  );
}

const directions: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

function keyed(event: KeyboardEvent, from: Square, picture: Portrait): Square | undefined {
  if (event.ctrlKey || event.metaKey || event.altKey) return undefined;
  const step = Math.max(1, Math.round(Math.min(picture.width, picture.height) * keyStep));
  const [dx, dy] = directions[event.key] ?? [0, 0];
  if (event.key === '+' || event.key === '=') return resizeSquare(from, from.size + 2 * step, picture);
  if (event.key === '-' || event.key === '_') return resizeSquare(from, from.size - 2 * step, picture);
  if (dx === 0 && dy === 0) return undefined;
  if (event.shiftKey) return resizeSquare(from, from.size + 2 * step * (dx - dy), picture);
  return moveSquare(from, dx * step, dy * step, picture);
}

/** Takes the square of now; what is returned puts it back. */
function squareKeeper(): () => void {
  const [kept, byHand, crop] = [square.value, squareByHand.value, settings.value.crop];
  return () => {
    square.value = kept;
    squareByHand.value = byHand;
    change({ crop });
  };
}

function drag(down: PointerEvent, frame: HTMLElement, from: Square, picture: Portrait): void {
  if (down.button !== 0) return;
  const target = down.currentTarget as HTMLElement;
  const { x, y } = (down.target as HTMLElement).dataset;
  const scale = picture.width / frame.clientWidth;
  const stop = new AbortController();
  target.setPointerCapture(down.pointerId);
  const move = (event: PointerEvent) => {
    const [dx, dy] = [(event.clientX - down.clientX) * scale, (event.clientY - down.clientY) * scale];
    if (!x || !y) return setSquare(moveSquare(from, dx, dy, picture));
    const corner = { x: Number(x), y: Number(y) };
    const start = {
      x: from.x + (corner.x > 0 ? from.size : 0),
      y: from.y + (corner.y > 0 ? from.size : 0),
    };
    setSquare(dragCorner(from, corner, { x: start.x + dx, y: start.y + dy }, picture));
  };
  target.addEventListener('pointermove', move, { signal: stop.signal });
  target.addEventListener('pointerup', () => stop.abort(), { signal: stop.signal });
  // The browser took the finger for scrolling: nothing was meant to move.
  const undo = squareKeeper();
  const cancelled = () => {
    stop.abort();
    undo();
  };
  target.addEventListener('pointercancel', cancelled, { signal: stop.signal });
}
