import { useId, useState } from 'preact/hooks';
import { useAsked } from './asked.js';
import { Pixels } from './drawing.jsx';
import type { Coefficients, Image } from './inside-api.js';
import { coefficient } from './numbers.js';
import { Answer, Opening } from './parts.jsx';
import { insideTexts as texts } from '../texts.js';
import { useSweep } from './sweep.js';
import type { View } from './view.js';

const said = texts.directions;

export function DirectionsPanel({ view }: { readonly view: View }) {
  const [attempt, setAttempt] = useState(0);
  const asked = useAsked(attempt, async () => {
    const coefficients = await view.inside.coefficients();
    const portrait = await view.inside.draw(Float32Array.from(coefficients.portrait));
    const identity = await view.inside.draw(new Float32Array(coefficients.count));
    return { coefficients, portrait, identity };
  });
  return (
    <>
      <Opening intro={said.intro} equation={said.equation} section={2} kernels={['conv2d', 'grid_sample']} />
      <Answer asked={asked} retry={() => setAttempt(attempt + 1)}>
        {(value) => <Directions view={view} {...value} />}
      </Answer>
    </>
  );
}

interface DirectionsProps {
  readonly view: View;
  readonly coefficients: Coefficients;
  readonly portrait: Image;
  readonly identity: Image;
}

function Directions({ view, coefficients, portrait, identity }: DirectionsProps) {
  const { count, lambda: motion, names, beyond } = coefficients;
  const own = Float32Array.from(coefficients.portrait);
  const lambda = view.lambda.value ?? own;
  const [attempt, setAttempt] = useState(0);
  const drawn = useAsked(`${attempt} ${lambda.join()}`, () => view.inside.draw(lambda));
  const set = (next: Float32Array<ArrayBuffer>) => (view.lambda.value = next);
  const sweep = useSweep((m, value) => set((view.lambda.value ?? own).with(m, value)));
  const restart = (next: Float32Array<ArrayBuffer>) => {
    sweep.stop();
    set(next);
  };
  const frame = view.frame.value;
  const nameOf = (m: number) => texts.direction(names[m], m);
  const summary = changesOf(lambda, own, nameOf);

  return (
    <>
      <div class="inside-faces">
        <Face image={portrait} caption={said.portraitShown} label={said.portraitShown} />
        <Face image={identity} caption={said.identityShown} label={said.identityShown} />
        {drawn.failure === undefined ? (
          <Face image={drawn.value ?? portrait} caption={said.yours} label={`${said.yours}: ${summary}`} />
        ) : (
          <Answer asked={drawn} retry={() => setAttempt(attempt + 1)}>
            {() => null}
          </Answer>
        )}
      </div>
      <p class="inside-note" aria-live={sweep.of === undefined ? 'polite' : 'off'}>
        {summary}
      </p>
      <fieldset class="inside-choice">
        <legend>{said.start}</legend>
        <div class="inside-buttons">
          <button type="button" class="button" onClick={() => restart(own)}>
            {said.portrait}
          </button>
          <button
            type="button"
            class="button"
            onClick={() => restart(Float32Array.from(motion.subarray(frame * count, (frame + 1) * count)))}
          >
            {said.fromFrame}
          </button>
          <button type="button" class="button" onClick={() => restart(new Float32Array(count))}>
            {said.identity}
          </button>
        </div>
        <div class="inside-sliders">
          {Array.from({ length: count }, (_, m) => (
            <LambdaSlider
              key={m}
              name={nameOf(m)}
              range={rangeOf(coefficients, m)}
              value={lambda[m]!}
              sweeping={sweep.of === m}
              onInput={(value) => restart(lambda.with(m, value))}
              onSweep={() => sweep.toggle(m, rangeOf(coefficients, m), lambda[m]!)}
            />
          ))}
        </div>
      </fieldset>
      <p class="inside-note">{said.beyond(beyond)}</p>
    </>
  );
}

function Face({ image, caption, label }: { image: Image; caption: string; label: string }) {
  return (
    <figure class="inside-figure">
      <Pixels label={label} width={image.width} height={image.height} pixels={() => image.data} />
      <figcaption>{caption}</figcaption>
    </figure>
  );
}

interface SliderProps {
  readonly name: string;
  readonly range: readonly [number, number];
  readonly value: number;
  readonly sweeping: boolean;
  readonly onInput: (value: number) => void;
  readonly onSweep: () => void;
}

function LambdaSlider({ name, range: [least, most], value, sweeping, onInput, onSweep }: SliderProps) {
  const id = useId();
  return (
    <div class="inside-slider">
      <label for={id}>{name}</label>
      <input
        id={id}
        type="range"
        min={least}
        max={most}
        step={(most - least) / 200}
        value={value}
        onInput={({ currentTarget }) => onInput(currentTarget.valueAsNumber)}
      />
      <output for={id}>{coefficient(value)}</output>
      <button
        type="button"
        class="button inside-sweep"
        aria-label={sweeping ? said.stop(name) : said.sweep(name)}
        title={sweeping ? said.stop(name) : said.sweep(name)}
        onClick={onSweep}
      >
        <span aria-hidden="true">{sweeping ? '■' : '▶'}</span>
      </button>
    </div>
  );
}

/** What the video and the portrait use of a direction and 0, and as much again on either side. */
function rangeOf({ lambda, portrait, count, frames }: Coefficients, m: number): [number, number] {
  let [least, most] = [Math.min(0, portrait[m]!), Math.max(0, portrait[m]!)];
  for (let i = 0; i < frames; i++) {
    least = Math.min(least, lambda[i * count + m]!);
    most = Math.max(most, lambda[i * count + m]!);
  }
  const margin = Math.max(most - least, 0.1);
  return [least - margin, most + margin];
}

/** The five largest differences to the portrait, in words. */
function changesOf(lambda: Float32Array, own: Float32Array, nameOf: (m: number) => string): string {
  const changes = [...lambda].map((value, m) => ({ m, by: value - own[m]! }));
  const most = changes
    .filter(({ by }) => Math.abs(by) >= 0.005)
    .sort((a, b) => Math.abs(b.by) - Math.abs(a.by));
  return said.changed(most.slice(0, 5).map(({ m, by }) => said.change(nameOf(m), by)));
}
