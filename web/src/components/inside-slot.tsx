import { useSignal } from '@preact/signals';
import type { ComponentType } from 'preact';
import type { InsideProps } from '../inside/panels.js';
import { engine } from '../engine/client.js';
import { result, videoTime } from '../state.js';
import { texts } from '../texts.js';
import { seekVideo } from '../video.js';

/** The look inside the last run: its code is fetched when somebody opens it. */
export function InsideSlot() {
  const opened = useSignal(false);
  const Inside = useSignal<ComponentType<InsideProps> | undefined>(undefined);
  const done = result.value;
  if (!done) return null;
  const open = async () => {
    opened.value = true;
    const panels = await import('../inside/panels.js');
    Inside.value = panels.Inside;
  };
  return (
    <section class="card inside" aria-labelledby="inside-heading">
      <details
        onToggle={({ currentTarget }) => {
          if (currentTarget.open && !opened.value) void open();
        }}
      >
        <summary>
          <h2 id="inside-heading">{texts.inside.heading}</h2>
          <span class="hint">{texts.inside.note}</span>
        </summary>
        {Inside.value ? (
          <Inside.value
            key={done.number}
            engine={engine}
            run={done.summary}
            time={videoTime}
            onSeek={seekVideo}
          />
        ) : (
          <p class="hint">{opened.value && texts.inside.loading}</p>
        )}
      </details>
    </section>
  );
}
