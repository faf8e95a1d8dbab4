import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { choosePortrait, chooseSpeech, importModel } from '../actions.js';
import { clearFailure, fail } from '../state.js';
import { texts } from '../texts.js';
import { sortFiles } from './file-kind.js';
import { droppedFiles } from './dropped-files.js';

/** Files may be dropped anywhere: what they are says where they belong. */
export function DropZone() {
  const over = useSignal(false);
  useEffect(() => {
    const stop = new AbortController();
    const on = <Name extends keyof WindowEventMap>(
      name: Name,
      listener: (event: WindowEventMap[Name]) => void,
    ) => window.addEventListener(name, listener, { signal: stop.signal });
    const carriesFiles = ({ dataTransfer }: DragEvent) => dataTransfer?.types.includes('Files') ?? false;
    on('dragover', (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      over.value = true;
    });
    on('dragleave', (event) => {
      if (event.relatedTarget === null) over.value = false;
    });
    on('drop', (event) => {
      over.value = false;
      if (!carriesFiles(event) || !event.dataTransfer) return;
      event.preventDefault();
      void droppedFiles(event.dataTransfer).then(takeFiles);
    });
    return () => stop.abort();
  }, []);
  return over.value ? (
    <div class="drop-zone" aria-hidden="true">
      <p>{texts.dropHere}</p>
    </div>
  ) : null;
}

function takeFiles(files: readonly File[]): void {
  const { portrait, speech, model, unknown } = sortFiles(files);
  clearFailure('page');
  if (portrait) void choosePortrait(portrait, portrait.name);
  if (speech) void chooseSpeech(speech, speech.name);
  if (model.length > 0) void importModel(model);
  const [first] = unknown;
  if (first && !portrait && !speech && model.length === 0) {
    fail('page', Object.assign(new Error(texts.unknownFile(first.name)), { name: 'Input' }));
  }
}
