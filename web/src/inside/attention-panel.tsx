import { useId, useState } from 'preact/hooks';
import { attentionShares, bandOf, reachOf } from './band.js';
import { Drawing } from './drawing.jsx';
import type { WindowInside } from './inside-api.js';
import { rampPixels } from './colour-wheel.js';
import { Answer, Opening } from './parts.jsx';
import { insideTexts as texts } from '../texts.js';
import type { Theme } from './theme.js';
import type { View } from './view.js';
import { useWindow } from './use-window.js';

const said = texts.attention;

export function AttentionPanel({ view }: { readonly view: View }) {
  const [attempt, setAttempt] = useState(0);
  const asked = useWindow(view, attempt);
  const reach = asked.value ? windowReach(asked.value) : 2;
  return (
    <>
      <Opening
        intro={said.intro(reach)}
        equation={said.equation}
        section={6}
        kernels={['attention', 'layer_norm']}
      />
      <Answer asked={asked} retry={() => setAttempt(attempt + 1)}>
        {(seen) => <Attention view={view} seen={seen} reach={reach} />}
      </Answer>
    </>
  );
}

interface AttentionProps {
  readonly view: View;
  readonly seen: WindowInside;
  readonly reach: number;
}

function Attention({ view, seen, reach }: AttentionProps) {
  const id = useId();
  const { preceding, length, start, index } = seen;
  const block = seen.attention[view.block.value] ?? seen.attention[0];
  if (!block) return null;
  const N = preceding + length;
  const row = preceding + view.frame.value - start;
  return (
    <>
      <p class="inside-note">{said.window(index, start, Math.min(start + length, view.frames), preceding)}</p>
      <label class="inside-select" for={id}>
        {said.block}
        <select
          id={id}
          value={block.block}
          onChange={({ currentTarget }) => (view.block.value = Number(currentTarget.value))}
        >
          {seen.attention.map(({ block: i }) => (
            <option key={i} value={i}>
              {said.blockAt(i)}
            </option>
          ))}
        </select>
      </label>
      <div class="inside-heads">
        {block.heads.map((matrix, head) => {
          const { own, earlier, later } = attentionShares(matrix, N, preceding);
          const summary = said.summary(head, own, earlier, later);
          return (
            <figure key={head} class="inside-figure">
              <Drawing
                class="inside-matrix"
                label={`${said.blockAt(block.block)}. ${summary}`}
                draw={(c, width, height, theme) =>
                  drawMatrix(c, [width, height], theme, {
                    values: matrix,
                    rows: N,
                    columns: N,
                    preceding,
                    row,
                  })
                }
              />
              <Drawing
                class="inside-band"
                label={said.band}
                draw={(c, width, height, theme) => {
                  const values = bandOf(matrix, N, reach);
                  const table = { values, rows: 2 * reach + 1, columns: N, preceding };
                  drawMatrix(c, [width, height], theme, { ...table, column: row });
                }}
              />
              <figcaption>{summary}</figcaption>
            </figure>
          );
        })}
      </div>
    </>
  );
}

interface Matrix {
  readonly values: Float32Array;
  readonly rows: number;
  readonly columns: number;
  /** Rows, if it is square, and columns that belong to the window before. */
  readonly preceding: number;
  /** To be pointed out. */
  readonly row?: number;
  readonly column?: number;
}

function drawMatrix(
  c: CanvasRenderingContext2D,
  [width, height]: readonly [number, number],
  theme: Theme,
  { values, rows, columns, preceding, row, column }: Matrix,
) {
  const picture = new OffscreenCanvas(columns, rows);
  // The root makes weak attention visible: an even one gives a fifth to each of five frames.
  const pixels = rampPixels(values.map(Math.sqrt), theme.surfaceRgb, theme.accentRgb);
  picture.getContext('2d')?.putImageData(new ImageData(pixels, columns, rows), 0, 0);
  c.imageSmoothingEnabled = false;
  c.drawImage(picture, 0, 0, width, height);
  const [cellWidth, cellHeight] = [width / columns, height / rows];

  c.fillStyle = theme.muted;
  c.globalAlpha = 0.18;
  c.fillRect(0, 0, preceding * cellWidth, height);
  if (rows === columns) c.fillRect(preceding * cellWidth, 0, width, preceding * cellHeight);
  c.globalAlpha = 1;

  c.strokeStyle = theme.text;
  c.lineWidth = 1;
  if (row !== undefined) c.strokeRect(0.5, row * cellHeight - 0.5, width - 1, cellHeight + 1);
  if (column !== undefined) c.strokeRect(column * cellWidth - 0.5, 0.5, cellWidth + 1, height - 1);
}

function windowReach({ attention, preceding, length }: WindowInside): number {
  const matrix = attention[0]?.heads[0];
  return matrix ? reachOf(matrix, preceding + length) : 0;
}
