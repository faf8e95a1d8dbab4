import { useId, useState } from 'preact/hooks';
import { useAsked } from './asked.js';
import { PlotView } from './drawing.jsx';
import type { Coefficients, WindowInside } from './inside-api.js';
import { byRange, columnOf } from './numbers.js';
import { Answer, Figure, Opening } from './parts.jsx';
import { insideTexts as texts } from '../texts.js';
import { lineColour } from './theme.js';
import { useWindow } from './use-window.js';
import type { View } from './view.js';

const said = texts.ode;

export function OdePanel({ view }: { readonly view: View }) {
  const [attempt, setAttempt] = useState(0);
  const asked = useWindow(view, attempt);
  const coefficients = useAsked(attempt, () => view.inside.coefficients());
  const retry = () => setAttempt(attempt + 1);
  return (
    <>
      <Opening intro={said.intro} equation={said.equation} section={6} kernels={['guidance', 'linear']} />
      <Answer asked={asked} retry={retry}>
        {(seen) => (
          <>
            <Terms seen={seen} />
            <Answer asked={coefficients} retry={retry}>
              {(value) => <Path view={view} seen={seen} coefficients={value} />}
            </Answer>
          </>
        )}
      </Answer>
    </>
  );
}

const termNames = ['v', 'u', 'audio', 'emotion'] as const;

function Terms({ seen }: { readonly seen: WindowInside }) {
  const [first, last] = [seen.terms[0], seen.terms.at(-1)];
  if (!first || !last) return null;
  const end = said.termsEnd(last.u, last.audio, last.emotion);
  const summary = said.termsSummary(first.u, first.audio, first.emotion, end);
  const lines = termNames.map((name, i) => ({
    values: seen.terms.map((term) => term[name]),
    colour: lineColour(i),
  }));
  return (
    <section class="inside-level">
      <h3>{said.terms}</h3>
      <ul class="inside-keys">
        {termNames.map((name, i) => (
          <li key={name}>
            <span class="inside-swatch" style={{ background: lineColour(i) }} /> {said.termNames[name]}
          </li>
        ))}
      </ul>
      <Figure caption={summary}>
        <PlotView
          label={summary}
          plot={{ x: seen.t.slice(0, -1), lines, dots: true, xTitle: said.time, yTitle: said.termsTitle }}
        />
      </Figure>
    </section>
  );
}

interface PathProps {
  readonly view: View;
  readonly seen: WindowInside;
  readonly coefficients: Coefficients;
}

function Path({ view, seen, coefficients }: PathProps) {
  const id = useId();
  const { count, names, lambda } = coefficients;
  const m = view.direction.value ?? byRange(lambda, count)[0] ?? 0;
  const own = Math.min(seen.length - 1, Math.max(0, view.frame.value - seen.start));
  const last = Math.min(seen.length, view.frames - seen.start);
  const pathOf = (frame: number) => seen.path.map((state) => state[frame * count + m]!);
  const others = Array.from({ length: last }, (_, frame) => frame).filter((frame) => frame !== own);
  const colour = lineColour(m);
  const lines = [
    ...others.map((frame) => ({ values: pathOf(frame), colour, width: 1, opacity: 0.35 })),
    { values: pathOf(own), colour, width: 3 },
  ];
  const nameOf = (i: number) => texts.direction(names[i], i);
  const [noise, motion] = [seen.path[0]!, seen.path.at(-1)!].map((state) =>
    columnOf(state, count, m).subarray(0, last),
  ) as [Float32Array, Float32Array];
  const summary = said.pathSummary(nameOf(m), noise[own]!, motion[own]!, deviation(noise), deviation(motion));
  return (
    <section class="inside-level">
      <h3>{said.path}</h3>
      <label class="inside-select" for={id}>
        {said.pathOf}
        <select
          id={id}
          value={m}
          onChange={({ currentTarget }) => (view.direction.value = Number(currentTarget.value))}
        >
          {Array.from({ length: count }, (_, i) => (
            <option key={i} value={i}>
              {nameOf(i)}
            </option>
          ))}
        </select>
      </label>
      <Figure caption={`${summary} ${said.pathNote}`}>
        <PlotView label={summary} plot={{ x: seen.t, lines, xTitle: said.time, yTitle: `λ, ${nameOf(m)}` }} />
      </Figure>
      <p class="inside-note">{said.solver(seen.solver, seen.terms.length)}</p>
    </section>
  );
}

function deviation(values: Float32Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}
