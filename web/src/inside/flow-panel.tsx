import { useState } from 'preact/hooks';
import { useAsked } from './asked.js';
import { flowPixels, rampPixels, wheelFlow } from './colour-wheel.js';
import { Pixels } from './drawing.jsx';
import type { FrameInside } from './inside-api.js';
import { Answer, Opening } from './parts.jsx';
import { insideTexts as texts } from '../texts.js';
import type { View } from './view.js';

const said = texts.flow;
const black = [0, 0, 0];
const white = [255, 255, 255];

export function FlowPanel({ view }: { readonly view: View }) {
  const [attempt, setAttempt] = useState(0);
  const frame = view.frame.value;
  const asked = useAsked(`${attempt} ${frame}`, async () => ({
    frame,
    ...(await view.inside.frame(frame)),
  }));
  return (
    <>
      <Opening
        intro={said.intro}
        equation={said.equation}
        section={3}
        kernels={['flow_grid', 'grid_sample', 'pointwise']}
      />
      <Answer asked={asked} retry={() => setAttempt(attempt + 1)}>
        {(seen) => (
          <>
            <div class="inside-legend">
              <figure class="inside-figure">
                <Pixels
                  label={said.picture(seen.frame)}
                  width={seen.picture.width}
                  height={seen.picture.height}
                  pixels={() => seen.picture.data}
                />
                <figcaption>{said.picture(seen.frame)}</figcaption>
              </figure>
              <div class="inside-wheel">
                <Pixels
                  label={said.legend}
                  width={128}
                  height={128}
                  pixels={() => flowPixels(wheelFlow(128), 1)}
                />
              </div>
              <p>{said.legendNote}</p>
            </div>
            {seen.levels.map((level) => (
              <Level key={level.side} level={level} />
            ))}
          </>
        )}
      </Answer>
    </>
  );
}

function Level({ level }: { readonly level: FrameInside['levels'][number] }) {
  const { side, flow, mask, feature, warped } = level;
  const { mean, most } = flowSizes(flow);
  const full = Math.max(most, 1e-3);
  const grey = (values: Float32Array) => () => rampPixels(values, black, white);
  const pictures = [
    { name: said.columns.flow, note: said.full(full), pixels: () => flowPixels(flow, full) },
    { name: said.columns.mask, pixels: grey(mask) },
    { name: said.columns.feature, pixels: grey(feature) },
    { name: said.columns.warped, pixels: grey(warped) },
  ];
  return (
    <section class="inside-level">
      <h3>{said.level(side)}</h3>
      <div class="inside-fields">
        {pictures.map(({ name, note, pixels }) => (
          <figure key={name} class="inside-figure">
            <Pixels label={said.columnOf(name, side)} width={side} height={side} pixels={pixels} crisp />
            <figcaption>
              {name}
              {note && <small>{note}</small>}
            </figcaption>
          </figure>
        ))}
      </div>
      <p class="inside-note">{said.summary(side, mean, most, average(mask))}</p>
    </section>
  );
}

/** Mean and largest length of the displacements. */
function flowSizes(flow: Float32Array): { mean: number; most: number } {
  let [sum, most] = [0, 0];
  for (let at = 0; at < flow.length; at += 2) {
    const size = Math.hypot(flow[at]!, flow[at + 1]!);
    sum += size;
    most = Math.max(most, size);
  }
  return { mean: sum / (flow.length / 2), most };
}

const average = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
