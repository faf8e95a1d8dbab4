import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { cancelImport, chooseModel, deleteModel, importModel } from '../actions.js';
import type { SavedModel } from '../engine/api.js';
import { busy, importing, model, modelChoice, running, savedModels } from '../state.js';
import { texts } from '../texts.js';
import { Alert } from './alert.js';
import { sortFiles } from './file-kind.js';
import { Button, Card, Choice, FileButton, IconButton } from './controls.js';

export function ModelCard() {
  const deleting = useSignal<SavedModel | undefined>(undefined);
  const blocked = busy.value.model === true || running.value;
  const loaded = model.value;
  return (
    <Card id="model" heading={texts.model.heading}>
      <Alert place="model" />
      <fieldset class="stack models" disabled={blocked}>
        <legend>{texts.model.legend}</legend>
        <Choice
          group="model"
          className="option"
          checked={modelChoice.value === 'demo'}
          onChoose={() => void chooseModel('demo')}
        >
          <strong>{texts.model.demo}</strong> <span class="hint">{texts.model.demoNote}</span>
        </Choice>
        {savedModels.value.map((saved) => (
          <div class="saved" key={saved.id}>
            <Choice
              group="model"
              className="option"
              checked={modelChoice.value === saved.id}
              onChoose={() => void chooseModel(saved.id)}
            >
              <strong>{saved.name}</strong>{' '}
              <span class="hint">
                {texts.model.bytes(saved.bytes)}
                {modelChoice.value === saved.id &&
                  loaded &&
                  `, ${texts.model.note(loaded.side, loaded.parameters)}`}
              </span>
            </Choice>
            <IconButton
              icon="close"
              label={texts.model.remove(saved.name)}
              onClick={() => (deleting.value = saved)}
            />
          </div>
        ))}
      </fieldset>
      {importing.value ? (
        <ImportProgress />
      ) : (
        <div class="row">
          <FileButton
            icon="upload"
            label={texts.model.open}
            accept=".pth,.pt,.bin,.safetensors,.json"
            multiple
            disabled={blocked}
            onFiles={(files) => void importModel(files)}
          />
          <FileButton
            icon="folder"
            label={texts.model.openFolder}
            folder
            multiple
            disabled={blocked}
            onFiles={(files) => void importModel(modelFiles(files))}
          />
        </div>
      )}
      <p class="hint" role="status">
        {busy.value.model && !importing.value && texts.model.loading}
      </p>
      <p class="hint">{texts.model.openNote}</p>
      <p class="hint">{texts.model.licence}</p>
      {deleting.value && <DeleteDialog saved={deleting.value} onClose={() => (deleting.value = undefined)} />}
    </Card>
  );
}

/** A folder holds other files besides; if nothing in it looks like a model, the engine says so. */
function modelFiles(files: readonly File[]): readonly File[] {
  const { model } = sortFiles(files);
  return model.length > 0 ? model : files;
}

function ImportProgress() {
  const { done, total } = importing.value ?? { done: 0, total: 0 };
  return (
    <div class="progress-row">
      <label for="import-progress">{texts.model.importing}</label>
      <progress id="import-progress" {...(total > 0 && { max: total, value: done })} />
      <span class="hint numbers">{total > 0 && texts.model.importProgress(done, total)}</span>
      <Button label={texts.cancel} onClick={cancelImport} />
    </div>
  );
}

function DeleteDialog({ saved, onClose }: { readonly saved: SavedModel; readonly onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const close = () => dialog.current?.close();
  const confirm = () => {
    close();
    void deleteModel(saved.id);
  };
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="delete-heading" onClose={onClose}>
      <h2 id="delete-heading">{texts.model.removeHeading}</h2>
      <p>{texts.model.removeText(saved.name, saved.bytes)}</p>
      <div class="row end">
        <Button label={texts.cancel} onClick={close} />
        <button type="button" class="button primary" onClick={confirm}>
          {texts.model.removeConfirm}
        </button>
      </div>
    </dialog>
  );
}
