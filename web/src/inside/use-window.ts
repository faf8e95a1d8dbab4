import { useRef } from 'preact/hooks';
import type { Asked } from './asked.js';
import { useAsked } from './asked.js';
import type { WindowInside } from './inside-api.js';
import type { View } from './view.js';

/** The window that the view's frame is in, asked for again only when the frame leaves it. */
export function useWindow(view: View, attempt: number): Asked<WindowInside> {
  const held = useRef<{ window: WindowInside; key: string }>(undefined);
  const frame = view.frame.value;
  const isHeld = held.current && frame >= held.current.window.start && frame < endOf(held.current.window);
  const key = isHeld ? held.current?.key : `${attempt} ${frame}`;
  return useAsked(key, async () => {
    const window = await view.inside.window(frame);
    held.current = { window, key: `${attempt} ${frame}` };
    return window;
  });
}

const endOf = ({ start, length }: WindowInside) => start + length;
