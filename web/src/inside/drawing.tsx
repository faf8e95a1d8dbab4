import { useEffect, useRef, useState } from 'preact/hooks';
import type { Plot } from './plot.js';
import { drawPlot, indexAt } from './plot.js';
import type { Theme } from './theme.js';
import { dark, themeOf } from './theme.js';

interface DrawingProps {
  /** What a person who does not see it is told. */
  readonly label: string;
  readonly class: string;
  /** Draws in CSS pixels. */
  readonly draw: (c: CanvasRenderingContext2D, width: number, height: number, theme: Theme) => void;
  readonly onHover?: (left: number | undefined, width: number) => void;
  readonly onPick?: (left: number, width: number) => void;
}

/** A canvas as large as its style says, drawn sharply, and again when its size, the theme or `draw` changes. */
export function Drawing({ label, class: name, draw, onHover, onPick }: DrawingProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [size, setSize] = useState<readonly [number, number]>([0, 0]);
  const isDark = dark.value;

  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => {
      if (entry) setSize([entry.contentRect.width, entry.contentRect.height]);
    });
    if (canvas.current) observer.observe(canvas.current);
    return () => observer.disconnect();
  }, []);

  useEffect(() => {
    const [width, height] = size;
    const context = canvas.current?.getContext('2d');
    if (!canvas.current || !context || width === 0 || height === 0) return;
    const ratio = devicePixelRatio;
    canvas.current.width = Math.round(width * ratio);
    canvas.current.height = Math.round(height * ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    draw(context, width, height, themeOf(canvas.current));
  }, [size, draw, isDark]);

  const left = (event: PointerEvent) => event.clientX - (canvas.current?.getBoundingClientRect().left ?? 0);
  return (
    <canvas
      ref={canvas}
      class={name}
      role="img"
      aria-label={label}
      onPointerMove={onHover && ((event) => onHover(left(event), size[0]))}
      onPointerLeave={onHover && (() => onHover(undefined, size[0]))}
      onPointerDown={onPick && ((event) => onPick(left(event), size[0]))}
    />
  );
}

interface PlotViewProps {
  readonly label: string;
  readonly plot: Plot;
  readonly onHover?: (index: number | undefined) => void;
  readonly onPick?: (index: number) => void;
}

export function PlotView({ label, plot, onHover, onPick }: PlotViewProps) {
  return (
    <Drawing
      class="inside-plot"
      label={label}
      draw={(c, width, height, theme) => drawPlot(c, width, height, theme, plot)}
      {...(onHover && {
        onHover: (left, width) => onHover(left === undefined ? undefined : indexAt(left, width, plot.x)),
      })}
      {...(onPick && { onPick: (left, width) => onPick(indexAt(left, width, plot.x)) })}
    />
  );
}

interface PixelsProps {
  readonly label: string;
  readonly width: number;
  readonly height: number;
  /** RGBA, made anew when the theme changes. */
  readonly pixels: (theme: Theme) => Uint8ClampedArray<ArrayBuffer>;
  /** Show single pixels as squares. */
  readonly crisp?: boolean;
}

/** A picture given pixel by pixel, scaled by the style. */
export function Pixels({ label, width, height, pixels, crisp = false }: PixelsProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const isDark = dark.value;
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!canvas.current || !context) return;
    context.putImageData(new ImageData(pixels(themeOf(canvas.current)), width, height), 0, 0);
  }, [pixels, width, height, isDark]);
  const name = crisp ? 'inside-pixels inside-crisp' : 'inside-pixels';
  return <canvas ref={canvas} class={name} width={width} height={height} role="img" aria-label={label} />;
}
