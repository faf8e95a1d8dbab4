import { useComputed, useSignal } from '@preact/signals';
import { useState } from 'preact/hooks';
import { useAsked } from './asked.js';
import { PlotView } from './drawing.jsx';
import type { Coefficients } from './inside-api.js';
import { byRange, columnOf, extremes } from './numbers.js';
import { Answer, Figure, Opening } from './parts.jsx';
import { insideTexts as texts } from '../texts.js';
import { lineColour } from './theme.js';
import type { View } from './view.js';

const said = texts.motion;

export function MotionPanel({ view }: { readonly view: View }) {
  const [attempt, setAttempt] = useState(0);
  const asked = useAsked(attempt, () => view.inside.coefficients());
  return (
    <>
      <Opening intro={said.intro} equation={said.equation} section={2} kernels={['conv2d', 'linear']} />
      <Answer asked={asked} retry={() => setAttempt(attempt + 1)}>
        {(coefficients) => <Motion view={view} coefficients={coefficients} />}
      </Answer>
    </>
  );
}

interface MotionProps {
  readonly view: View;
  readonly coefficients: Coefficients;
}

function Motion({ view, coefficients }: MotionProps) {
  const { lambda, portrait, count, frames, fps, names } = coefficients;
  const hovered = useSignal<number>();
  const cursor = useComputed(() => hovered.value ?? view.frame.value);
  const liveliest = byRange(lambda, count).slice(0, 5);
  const drawn = view.drawn.value ?? new Set(liveliest);
  const chosen = [...drawn].sort((a, b) => a - b);
  const lines = chosen.map((m) => ({ values: columnOf(lambda, count, m), colour: lineColour(m) }));
  const marks = chosen.map((m) => ({ value: portrait[m]!, colour: lineColour(m) }));
  const nameOf = (m: number) => texts.direction(names[m], m);
  const summary = motionSummary(
    chosen.slice(0, 5).map((m) => ({ name: nameOf(m), values: columnOf(lambda, count, m) })),
    fps,
  );
  const toggle = (m: number) => {
    const next = new Set(drawn);
    if (!next.delete(m)) next.add(m);
    view.drawn.value = next;
  };

  return (
    <>
      <Figure caption={`${summary} ${said.portrait}`}>
        <PlotView
          label={summary}
          plot={{
            x: Float32Array.from({ length: frames }, (_, i) => i / fps),
            lines,
            marks,
            xTitle: said.xTitle,
            yTitle: said.yTitle,
            cursor: cursor.value,
          }}
          onHover={(index) => (hovered.value = index)}
          onPick={view.show}
        />
      </Figure>
      <fieldset class="inside-choice">
        <legend>{said.choose}</legend>
        <div class="inside-buttons">
          <button type="button" class="button" onClick={() => (view.drawn.value = new Set(liveliest))}>
            {said.most}
          </button>
          <button
            type="button"
            class="button"
            onClick={() => (view.drawn.value = new Set(Array(count).keys()))}
          >
            {said.all}
          </button>
          <button type="button" class="button" onClick={() => (view.drawn.value = new Set())}>
            {said.none}
          </button>
        </div>
        <ul class="inside-directions">
          {Array.from({ length: count }, (_, m) => (
            <li key={m}>
              <label>
                <input type="checkbox" checked={drawn.has(m)} onChange={() => toggle(m)} />
                <span class="inside-swatch" style={{ background: drawn.has(m) ? lineColour(m) : '' }} />
                <span class="inside-name">{nameOf(m)}</span>
                <span class="inside-value">{said.value(lambda[cursor.value * count + m]!)}</span>
              </label>
            </li>
          ))}
        </ul>
      </fieldset>
    </>
  );
}

/** A sentence of where each line begins and ends its range. */
function motionSummary(
  lines: readonly { readonly name: string; readonly values: Float32Array }[],
  fps: number,
): string {
  if (lines.length === 0) return said.empty;
  const parts = lines.map(({ name, values }) => {
    const { least, most } = extremes(values);
    return said.ranges(name, values[least]!, least / fps, values[most]!, most / fps);
  });
  return `${parts.join('; ')}.`;
}
