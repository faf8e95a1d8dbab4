import type { ReadonlySignal } from '@preact/signals';
import { useSignal, useSignalEffect } from '@preact/signals';
import { useMemo, useRef } from 'preact/hooks';
import type { EngineApi, RunSummary } from '../engine/api.js';
import { AttentionPanel } from './attention-panel.jsx';
import { DirectionsPanel } from './directions-panel.jsx';
import { FlowPanel } from './flow-panel.jsx';
import { KernelsPanel } from './kernels-panel.jsx';
import { MotionPanel } from './motion-panel.jsx';
import { OdePanel } from './ode-panel.jsx';
import { Tabs } from './tabs.jsx';
import { insideTexts as texts } from '../texts.js';
import { createView } from './view.js';
import './inside.css';

export interface InsideProps {
  readonly engine: Pick<EngineApi, 'inside'>;
  /** The last complete run. */
  readonly run: RunSummary;
  /** Seconds, of the video's cursor. */
  readonly time: ReadonlySignal<number>;
  /** Takes the video's cursor somewhere. */
  readonly onSeek?: (seconds: number) => void;
}

/**
 * Looking inside the last run, for the frame under the video's cursor. Key it by run: what is chosen here belongs to
 * one.
 */
export function Inside({ engine, run, time, onSeek }: InsideProps) {
  const frame = useSignal(0);
  const { frames, fps } = run;
  useSignalEffect(() => {
    frame.value = Math.min(frames - 1, Math.max(0, Math.floor(time.value * fps)));
  });
  const seek = useRef(onSeek);
  seek.current = onSeek;
  const view = useMemo(() => {
    const show = (index: number) => {
      frame.value = index;
      seek.current?.((index + 0.5) / fps);
    };
    return createView({ inside: engine.inside, frame, frames, fps, show });
  }, [run, engine]);

  return (
    <div class="inside-panels">
      <label class="inside-frame">
        <span>{texts.frame}</span>
        <input
          type="range"
          min={0}
          max={frames - 1}
          value={frame.value}
          aria-valuetext={texts.frameAt(frame.value, frames, frame.value / fps)}
          onInput={({ currentTarget }) => view.show(currentTarget.valueAsNumber)}
        />
        <output>{texts.frameAt(frame.value, frames, frame.value / fps)}</output>
      </label>
      <Tabs
        label={texts.panels}
        tabs={[
          { name: texts.motion.tab, panel: () => <MotionPanel view={view} /> },
          { name: texts.directions.tab, panel: () => <DirectionsPanel view={view} /> },
          { name: texts.flow.tab, panel: () => <FlowPanel view={view} /> },
          { name: texts.attention.tab, panel: () => <AttentionPanel view={view} /> },
          { name: texts.ode.tab, panel: () => <OdePanel view={view} /> },
          { name: texts.kernels.tab, panel: () => <KernelsPanel view={view} /> },
        ]}
      />
    </div>
  );
}
