import type { ComponentChildren } from 'preact';
import type { Place } from '../state.js';
import { clearFailure, failures } from '../state.js';
import { texts } from '../texts.js';
import { IconButton } from './controls.js';
import { Icon } from './icon.js';

/**
 * Where the failures of one part of the page are said: there from the beginning, so that screen readers notice a
 * change.
 */
export function Alert({ place, children }: { readonly place: Place; readonly children?: ComponentChildren }) {
  const failure = failures.value[place];
  const hint = failure && texts.failures.hints[failure.kind];
  return (
    <div role="alert" class="alert-region" id={`${place}-alert`} tabIndex={-1}>
      {failure && (
        <div class="alert">
          <Icon name="warning" />
          <p>
            {sentence(failure.message)} {hint}
          </p>
          {children}
          <IconButton icon="close" label={texts.dismiss} onClick={() => clearFailure(place)} />
        </div>
      )}
    </div>
  );
}

/** The library's messages are single lines without a full stop. */
function sentence(message: string): string {
  return /[.!?]$/.test(message) ? message : `${message}.`;
}
