import { useSignalEffect } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { cancel, generate, tryAgain } from '../run.js';
import type { Run } from '../state.js';
import { announcement, failures, importing, result, run } from '../state.js';
import { texts } from '../texts.js';
import { videoRef } from '../video.js';
import { Alert } from './alert.js';
import { Button } from './controls.js';
import { secondsLeft } from './pace.js';

const t = texts.run;

/** The one big button, and while it works how far it is. */
export function GenerateBar() {
  const now = run.value;
  const bar = useRef<HTMLDivElement>(null);
  const before = useRef(now.kind);

  // The button that had the focus goes away: it moves on to what comes next, unless the visitor is elsewhere by now.
  useSignalEffect(() => {
    const { kind } = run.value;
    const failed = failures.value.run !== undefined;
    const changed = kind !== before.current;
    before.current = kind;
    if (!changed) return;
    if (kind === 'running') videoRef.current?.parentElement?.scrollIntoView({ block: 'nearest' });
    const focused = document.activeElement;
    if (focused && focused !== document.body && !bar.current?.contains(focused)) return;
    requestAnimationFrame(() => {
      if (kind === 'done') videoRef.current?.focus();
      else if (failed) document.getElementById('run-alert')?.focus();
      else bar.current?.querySelector('button')?.focus();
    });
  });

  return (
    <div class="generate" ref={bar}>
      {now.kind === 'running' ? (
        <Progress run={now} />
      ) : (
        <button
          type="button"
          class="button primary big"
          disabled={importing.value !== undefined}
          onClick={() => void generate()}
        >
          {result.value ? t.again : t.generate}
        </button>
      )}
      {now.kind === 'cancelled' && <p class="hint">{t.cancelled}</p>}
      <p class="visually-hidden" role="status">
        {announcement}
      </p>
    </div>
  );
}

export function RunAlert() {
  return (
    <Alert place="run">
      <Button label={texts.retry} onClick={() => void tryAgain()} />
    </Alert>
  );
}

function Progress({
  run: { stage, done, total, rate },
}: {
  readonly run: Extract<Run, { kind: 'running' }>;
}) {
  const frames = stage === 'frames' || (stage === 'motion' && done > 0);
  const counted = total > 0 && stage !== 'finish';
  const left = rate === undefined ? undefined : secondsLeft({ done, total, rate, fps: 0 });
  return (
    <div class="progress">
      <div class="progress-row">
        <label for="run-progress">{t.stages[stage]}</label>
        <Button label={texts.cancel} onClick={cancel} />
      </div>
      <progress id="run-progress" {...(counted && { max: total, value: done })} />
      <p class="hint numbers">
        {frames && total > 0 && <span>{t.frames(done, total)}</span>}
        {frames && rate !== undefined && <span>{t.rate(rate)}</span>}
        {frames && left !== undefined && left >= 1 && <span>{t.left(left)}</span>}
        {stage === 'model' && total > 0 && <span>{texts.model.importProgress(done, total)}</span>}
      </p>
    </div>
  );
}
