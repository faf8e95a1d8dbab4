import type { EmotionKey } from 'float-webgpu';
import { emotions } from 'float-webgpu';
import { change, settings, speech } from '../state.js';
import { texts } from '../texts.js';
import { Button, IconButton } from './controls.js';
import { addKey, changeKey, emotionKeys, removeKey } from './emotion-keys.js';
import { Range } from './fields.js';
import { Waveform } from './waveform.js';

const t = texts.emotion;
const shown = ['heard', ...emotions] as const;

/** Which emotion from when on, and how strongly, over the waveform of the speech. */
export function EmotionTimeline() {
  const setting = settings.value.emotion;
  const keys = emotionKeys(setting);
  const duration = speech.value?.seconds ?? 0;
  const set = (emotion: string) => change({ emotion });
  return (
    <fieldset class="emotion wide">
      <legend>{t.heading}</legend>
      <p class="hint">{t.hint}</p>
      {duration > 0 && <Strip keys={keys} duration={duration} />}
      <ol>
        {keys.map((key, index) => (
          <li key={index} class="emotion-key">
            <select
              aria-label={t.emotionOf(index)}
              value={key.emotion}
              onChange={({ currentTarget }) => {
                const emotion = shown.find((name) => name === currentTarget.value);
                if (emotion) set(changeKey(setting, index, { emotion }));
              }}
            >
              {shown.map((name) => (
                <option key={name} value={name}>
                  {t.names[name]}
                </option>
              ))}
            </select>
            {index === 0 ? (
              <span class="start">{t.fromStart}</span>
            ) : (
              <label class="start">
                {t.from}{' '}
                <input
                  type="number"
                  aria-label={t.timeOf(index)}
                  min={0.1}
                  step={0.1}
                  value={key.time}
                  onChange={({ currentTarget }) => {
                    const time = currentTarget.valueAsNumber;
                    if (time > 0) set(changeKey(setting, index, { time }));
                  }}
                />{' '}
                {t.second}
              </label>
            )}
            <Range
              id={`strength-${index}`}
              label={t.strengthOf(index)}
              value={key.strength ?? 1}
              most={1}
              step={0.05}
              valueText={t.percent(key.strength ?? 1)}
              onChange={(strength) => set(changeKey(setting, index, { strength }))}
            />
            <output class="numbers" for={`strength-${index}`}>
              {t.percent(key.strength ?? 1)}
            </output>
            <IconButton
              icon="close"
              label={t.remove(index)}
              disabled={index === 0}
              onClick={() => set(removeKey(setting, index))}
            />
          </li>
        ))}
      </ol>
      <Button icon="plus" label={t.add} onClick={() => set(addKey(setting, duration))} />
    </fieldset>
  );
}

/** The keys drawn over the waveform, each as wide as it lasts and as dark as it is strong. */
function Strip({ keys, duration }: { readonly keys: readonly EmotionKey[]; readonly duration: number }) {
  return (
    <div class="strip" role="img" aria-label={t.timeline}>
      {speech.value && <Waveform peaks={speech.value.peaks} />}
      {keys.map(({ emotion, time, strength = 1 }, index) => {
        const end = Math.min(keys[index + 1]?.time ?? duration, duration);
        if (time >= duration) return null;
        return (
          <span
            key={index}
            class={emotion === 'heard' ? 'heard' : ''}
            style={{
              left: `${(100 * time) / duration}%`,
              width: `${(100 * (end - time)) / duration}%`,
              '--strength': String(strength),
            }}
          >
            {t.names[emotion]}
          </span>
        );
      })}
    </div>
  );
}
