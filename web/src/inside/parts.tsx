import type { ComponentChildren } from 'preact';
import type { Asked } from './asked.js';
import { kernelSource, modelSection } from './links.js';
import { insideTexts as texts } from '../texts.js';

interface OpeningProps {
  readonly intro: string;
  readonly equation: string;
  /** Of docs/model.md. */
  readonly section: number;
  readonly kernels: readonly string[];
}

/** What a panel shows, its equation, and where to read on. */
export function Opening({ intro, equation, section, kernels }: OpeningProps) {
  return (
    <div class="inside-opening">
      <p>{intro}</p>
      <p class="inside-equation">{equation}</p>
      <ul class="inside-links">
        <li>
          <Elsewhere href={modelSection(section)}>{texts.model}</Elsewhere>
        </li>
        {kernels.map((name) => (
          <li key={name}>
            <Elsewhere href={kernelSource(name)}>{texts.kernel(name)}</Elsewhere>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** A link that leaves this page, and with it the run, where it is. */
export function Elsewhere({ href, children }: { href: string; children: ComponentChildren }) {
  return (
    <a href={href} target="_blank" rel="noopener" title={texts.newTab}>
      {children}
    </a>
  );
}

interface AnswerProps<T> {
  readonly asked: Asked<T>;
  readonly retry: () => void;
  readonly children: (value: T) => ComponentChildren;
}

/** What the engine answered; before that, that it computes; or why it could not. */
export function Answer<T>({ asked, retry, children }: AnswerProps<T>) {
  if (asked.failure !== undefined) {
    return (
      <div class="inside-failure" role="alert">
        <p>{asked.failure}</p>
        <button type="button" class="button" onClick={retry}>
          {texts.retry}
        </button>
      </div>
    );
  }
  if (asked.value === undefined) return <p class="inside-computing">{texts.computing}</p>;
  return (
    <div aria-busy={asked.busy} class="inside-answer">
      {children(asked.value)}
    </div>
  );
}

/** A drawing and the sentence that says the same. */
export function Figure({ caption, children }: { caption: string; children: ComponentChildren }) {
  return (
    <figure class="inside-figure">
      {children}
      <figcaption>{caption}</figcaption>
    </figure>
  );
}
