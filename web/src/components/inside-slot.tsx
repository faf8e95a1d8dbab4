import { useSignal } from '@preact/signals';
import type { ComponentType } from 'preact';
import type { InsideProps } from '../inside/panels.js';
import { engine } from '../engine/client.js';
import { result, running, videoTime } from '../state.js';
import { texts } from '../texts.js';
import { seekVideo } from '../video.js';

/**
 * The look inside the last run: its code is fetched when somebody opens it. While it is closed, and while the GPU makes
 * another video, its panels ask for nothing.
 */
export function InsideSlot() {
  const isOpen = useSignal(false);
  const Inside = useSignal<ComponentType<InsideProps> | undefined>(undefined);
  const done = result.value;
  if (!done) return null;
  const load = async () => {
    const panels = await import('../inside/panels.js');
    Inside.value = panels.Inside;
  };
  return (
    <section class="card inside" aria-labelledby="inside-heading">
      <details
        onToggle={({ currentTarget }) => {
          isOpen.value = currentTarget.open;
          if (isOpen.value && !Inside.value) void load();
        }}
      >
        <summary>
          <h2 id="inside-heading">{texts.inside.heading}</h2>
          <span class="hint">{texts.inside.note}</span>
        </summary>
        {isOpen.value && Inside.value && !running.value ? (
          <Inside.value
            key={done.number}
            engine={engine}
            run={done.summary}
            time={videoTime}
            onSeek={seekVideo}
          />
        ) : (
          <p class="hint">{running.value ? texts.inside.waiting : texts.inside.loading}</p>
        )}
      </details>
    </section>
  );
}
