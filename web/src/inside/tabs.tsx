import type { ComponentChildren } from 'preact';
import { useId, useRef, useState } from 'preact/hooks';

export interface Tab {
  readonly name: string;
  readonly panel: () => ComponentChildren;
}

/** Tabs after the ARIA authoring practices: one tab stop, arrow keys, Home and End; only the open panel exists. */
export function Tabs({ label, tabs }: { readonly label: string; readonly tabs: readonly Tab[] }) {
  const [open, setOpen] = useState(0);
  const buttons = useRef<(HTMLButtonElement | null)[]>([]);
  const id = useId();

  const onKeyDown = (event: KeyboardEvent) => {
    const count = tabs.length;
    const to = { ArrowLeft: open + count - 1, ArrowRight: open + 1, Home: 0, End: count - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    setOpen(to % count);
    const button = buttons.current[to % count];
    button?.focus();
    button?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  };

  return (
    <>
      <div class="inside-tabs" role="tablist" aria-label={label} onKeyDown={onKeyDown}>
        {tabs.map(({ name }, i) => (
          <button
            key={name}
            ref={(button) => {
              buttons.current[i] = button;
            }}
            type="button"
            role="tab"
            id={`${id}-tab-${i}`}
            aria-selected={i === open}
            aria-controls={i === open ? `${id}-panel` : undefined}
            tabIndex={i === open ? 0 : -1}
            onClick={({ currentTarget }) => {
              setOpen(i);
              currentTarget.scrollIntoView({ block: 'nearest', inline: 'nearest' });
            }}
          >
            {name}
          </button>
        ))}
      </div>
      <div
        key={open}
        class="inside-panel"
        role="tabpanel"
        id={`${id}-panel`}
        aria-labelledby={`${id}-tab-${open}`}
        tabIndex={0}
      >
        {tabs[open]?.panel()}
      </div>
    </>
  );
}
