import { useSignal } from '@preact/signals';
import {
  chooseAlpha,
  choosePortrait,
  choosePortraitExample,
  findFaces,
  resetSquare,
  setSquare,
} from '../actions.js';
import { portraitNames } from '../settings.js';
import { alpha, busy, faces, modelChoice, portrait, square } from '../state.js';
import { texts } from '../texts.js';
import { Alert } from './alert.js';
import { CameraDialog } from './camera.js';
import { Button, Card, Choice, FileButton } from './controls.js';
import { CropEditor, SquareNotes } from './crop-editor.js';

export function PortraitCard() {
  const camera = useSignal(false);
  const chosen = portrait.value;
  const { portrait: reading, faces: looking } = busy.value;
  return (
    <Card id="portrait" heading={texts.portrait.heading}>
      <Alert place="portrait" />
      <div class="portrait-grid">
        {chosen ? <CropEditor portrait={chosen} /> : <div class="crop-frame" />}
        <div class="stack">
          <fieldset class="thumbnails">
            <legend>{texts.portrait.examples}</legend>
            {portraitNames.map((name) => (
              <Choice
                key={name}
                group="portrait"
                className="thumbnail"
                checked={chosen?.example === name}
                onChoose={() => void choosePortraitExample(name)}
              >
                <img
                  src={`examples/portraits/${name}_128.png`}
                  alt={texts.portrait.alt[name]}
                  width={128}
                  height={128}
                />
              </Choice>
            ))}
          </fieldset>
          <div class="row">
            <FileButton
              icon="upload"
              label={texts.portrait.pick}
              accept="image/*"
              onFiles={([file]) => file && void choosePortrait(file, file.name)}
            />
            <Button icon="camera" label={texts.portrait.camera} onClick={() => (camera.value = true)} />
          </div>
          {chosen && !chosen.example && modelChoice.value === 'demo' && (
            <p class="hint">{texts.portrait.demoHint}</p>
          )}
          <Transparency notes={chosen?.notes ?? []} />
          <div class="row">
            <Button
              icon="face"
              label={texts.portrait.findFace}
              disabled={!chosen || looking === true}
              onClick={() => void findFaces()}
            />
            <Button icon="reset" label={texts.portrait.reset} disabled={!chosen} onClick={resetSquare} />
          </div>
          <SquareNotes />
          <FaceChoice />
          <p class="hint" role="status">
            {reading ? texts.portrait.loading : looking ? texts.portrait.finding : facesFound()}
          </p>
        </div>
      </div>
      {camera.value && <CameraDialog onClose={() => (camera.value = false)} />}
    </Card>
  );
}

/** What was done to a transparent picture, and the other way. */
function Transparency({ notes }: { readonly notes: readonly string[] }) {
  if (notes.length === 0) return null;
  return (
    <div class="stack">
      {notes.map((line) => (
        <p key={line} class="hint">
          {line}
        </p>
      ))}
      <label>
        <input
          type="checkbox"
          checked={alpha.value === 'drop'}
          onChange={(event) => void chooseAlpha(event.currentTarget.checked ? 'drop' : 'blend')}
        />{' '}
        {texts.portrait.hiddenColours}
      </label>
    </div>
  );
}

function facesFound(): string {
  const found = faces.value;
  if (!found) return '';
  return found.length === 0 ? texts.portrait.noFace : texts.portrait.found(found.length);
}

function FaceChoice() {
  const found = faces.value ?? [];
  if (found.length < 2) return null;
  return (
    <fieldset class="row">
      <legend>{texts.portrait.faces}</legend>
      {found.map((face, index) => (
        <Choice
          key={index}
          group="face"
          checked={square.value === face.square}
          onChoose={() => setSquare(face.square)}
        >
          {texts.portrait.face(index)}
        </Choice>
      ))}
    </fieldset>
  );
}
