import { useSignal } from '@preact/signals';
import { currentLink } from '../link.js';
import { texts } from '../texts.js';
import { Button } from './controls.js';

/** Copies the page's address with the settings of now. */
export function CopyLink() {
  const said = useSignal('');
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(currentLink());
      said.value = texts.settings.copied;
    } catch {
      said.value = texts.settings.notCopied;
    }
  };
  return (
    <>
      <Button icon="link" label={texts.settings.copyLink} onClick={() => void copy()} />
      <span class="hint" role="status">
        {said}
      </span>
    </>
  );
}
