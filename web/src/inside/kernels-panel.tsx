import { useState } from 'preact/hooks';
import { useAsked } from './asked.js';
import type { KernelTimeSummary } from './inside-api.js';
import { groupByKernel } from './kernel-groups.js';
import { kernelSource } from './links.js';
import { number, percent } from './numbers.js';
import { Answer, Elsewhere, Opening } from './parts.jsx';
import { insideTexts as texts } from '../texts.js';
import type { View } from './view.js';

const said = texts.kernels;

export function KernelsPanel({ view }: { readonly view: View }) {
  const [attempt, setAttempt] = useState(0);
  const asked = useAsked(attempt, async () => {
    if (attempt === 0 && view.kernels.value) return view.kernels.value;
    view.kernels.value = (await view.inside.kernels()) ?? [];
    return view.kernels.value;
  });
  const again = () => setAttempt(attempt + 1);
  return (
    <>
      <Opening intro={said.intro} equation={said.equation} section={1} kernels={['conv2d', 'linear']} />
      <Answer asked={asked} retry={again}>
        {(times) =>
          times.length === 0 ? (
            <p class="inside-note">{said.missing}</p>
          ) : (
            <>
              <PlanTimes plan="decoder" times={times} />
              <PlanTimes plan="field" times={times} />
              <p class="inside-note">{said.rounded}</p>
              <button type="button" class="button" onClick={again} disabled={asked.busy}>
                {said.again}
              </button>
            </>
          )
        }
      </Answer>
    </>
  );
}

const percentOf = (share: number) => `${100 * share}%`;

interface PlanTimesProps {
  readonly plan: KernelTimeSummary['plan'];
  readonly times: readonly KernelTimeSummary[];
}

function PlanTimes({ plan, times }: PlanTimesProps) {
  const launches = times.filter((time) => time.plan === plan);
  if (launches.length === 0) return null;
  const groups = groupByKernel(launches);
  const total = groups.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  return (
    <>
      <table class="inside-kernels">
        <caption>{said.caption(said.plans[plan], total, launches.length)}</caption>
        <thead>
          <tr>
            <th scope="col">{said.kernel}</th>
            <th scope="col" class="inside-count">
              {said.launches}
            </th>
            <th scope="col">{said.time}</th>
            <th scope="col">{said.share}</th>
          </tr>
        </thead>
        <tbody>
          {groups.map(({ kernel, milliseconds, share, launches: own }) => (
            <tr key={kernel}>
              <th scope="row">
                <Elsewhere href={kernelSource(kernel)}>{kernel}</Elsewhere>
              </th>
              <td class="inside-count">{own.length}</td>
              <td>{number(milliseconds)}</td>
              <td>
                <span class="inside-share">
                  <span>{percent(share)}</span>
                  <span class="inside-track">
                    <span class="inside-bar" style={{ width: percentOf(share) }} />
                  </span>
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <details>
        <summary>{said.each}</summary>
        <table class="inside-kernels inside-launches">
          <thead>
            <tr>
              <th scope="col">{said.launch}</th>
              <th scope="col">{said.time}</th>
            </tr>
          </thead>
          <tbody>
            {groups
              .flatMap(({ launches: own }) => own)
              .map(({ label, milliseconds }, i) => (
                <tr key={i}>
                  <td>{label}</td>
                  <td>{number(milliseconds)}</td>
                </tr>
              ))}
          </tbody>
        </table>
      </details>
    </>
  );
}
