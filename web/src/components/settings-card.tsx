import { solverNames } from 'float-webgpu';
import { defaultSettings, limits, parseGuidance } from '../settings.js';
import { change, portrait as picture, settings, square } from '../state.js';
import { texts } from '../texts.js';
import { Button, IconButton } from './controls.js';
import { CopyLink } from './copy-link.js';
import { EmotionTimeline } from './emotion-timeline.js';
import { Field, Range, TextField, WholeField } from './fields.js';
import { WholePreview } from './preview.js';

const t = texts.settings;
const sizes = [0, 256, 512, 768, 1024];
const shownNames = Object.keys(defaultSettings).filter(
  (name) => !['portrait', 'speech', 'crop'].includes(name),
) as (keyof typeof defaultSettings)[];

export function SettingsCard() {
  const now = settings.value;
  const changed = shownNames.filter((name) => now[name] !== defaultSettings[name]).length;
  const { portrait, speech, crop } = now;
  return (
    <section class="card" aria-labelledby="settings-heading">
      <details>
        <summary>
          <h2 id="settings-heading">{t.heading}</h2>
          <span class="hint">{t.summary(changed)}</span>
        </summary>
        <div class="settings">
          <EmotionTimeline />
          <Field id="audio-guidance" label={t.audioGuidance} hint={t.audioGuidanceHint}>
            <Guidance
              id="audio-guidance"
              label={t.audioGuidance}
              value={now.audioGuidance}
              onChange={(audioGuidance) => change({ audioGuidance })}
            />
          </Field>
          <Field id="emotion-guidance" label={t.emotionGuidance} hint={t.emotionGuidanceHint}>
            <Guidance
              id="emotion-guidance"
              label={t.emotionGuidance}
              value={now.emotionGuidance}
              onChange={(emotionGuidance) => change({ emotionGuidance })}
            />
          </Field>
          <Field id="motion-scale" label={t.motionScale} hint={t.motionScaleHint}>
            <Range
              id="motion-scale"
              value={now.motionScale}
              most={limits.motionScale[1]}
              step={0.05}
              onChange={(motionScale) => change({ motionScale })}
            />
            <output class="numbers" for="motion-scale">
              {now.motionScale}
            </output>
          </Field>
          <Field id="seed" label={t.seed} hint={t.seedHint}>
            <WholeField
              id="seed"
              value={now.seed}
              least={0}
              most={limits.seed}
              onChange={(seed) => change({ seed })}
            />
            <IconButton icon="dice" label={t.dice} onClick={() => change({ seed: roll() })} />
          </Field>
          <Field id="nfe" label={t.nfe} hint={t.nfeHint}>
            <WholeField
              id="nfe"
              value={now.nfe}
              least={limits.nfe[0]}
              most={limits.nfe[1]}
              onChange={(nfe) => change({ nfe })}
            />
          </Field>
          <Field id="solver" label={t.solver}>
            <select
              id="solver"
              value={now.solver}
              onChange={({ currentTarget }) => {
                const solver = solverNames.find((name) => name === currentTarget.value);
                if (solver) change({ solver });
              }}
            >
              {solverNames.map((name) => (
                <option key={name} value={name}>
                  {name}
                </option>
              ))}
            </select>
          </Field>
          <Field id="size" label={t.size}>
            <select
              id="size"
              value={String(now.size)}
              onChange={({ currentTarget }) => change({ size: Number(currentTarget.value) })}
            >
              {[...new Set([...sizes, now.size])].map((size) => (
                <option key={size} value={String(size)}>
                  {t.sizes(size)}
                </option>
              ))}
            </select>
          </Field>
          <div class="stack wide">
            <label class="check">
              <input
                type="checkbox"
                checked={now.pasteBack}
                onChange={({ currentTarget }) => change({ pasteBack: currentTarget.checked })}
              />
              {t.pasteBack}
            </label>
            {now.pasteBack && picture.value && square.value && (
              <div class="paste-back">
                <WholePreview portrait={picture.value} square={square.value} />
                <p class="hint">{t.pasteBackHint}</p>
              </div>
            )}
            <label class="check">
              <input
                type="checkbox"
                checked={now.mark}
                onChange={({ currentTarget }) => change({ mark: currentTarget.checked })}
              />
              {t.mark}
            </label>
          </div>
          <div class="row wide">
            <Button
              icon="reset"
              label={t.reset}
              disabled={changed === 0}
              onClick={() => change({ ...defaultSettings, portrait, speech, crop })}
            />
            <CopyLink />
          </div>
        </div>
      </details>
    </section>
  );
}

interface GuidanceProps {
  readonly id: string;
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

/** A slider for one number, and its text, which can also say numbers over time. */
function Guidance({ id, label, value, onChange }: GuidanceProps) {
  const number = Number(value);
  return (
    <>
      <Range
        id={id}
        value={Number.isNaN(number) ? 0 : number}
        most={6}
        step={0.1}
        disabled={Number.isNaN(number)}
        onChange={(scale) => onChange(String(scale))}
      />
      <TextField
        id={`${id}-text`}
        label={t.guidanceText(label)}
        value={value}
        parse={parseGuidance}
        wrong={t.guidanceWrong}
        onChange={onChange}
      />
    </>
  );
}

/** Short enough to be read out to somebody. */
function roll(): number {
  return Math.floor(Math.random() * 1e6);
}
