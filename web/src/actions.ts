import type { AlphaRule } from 'float-webgpu/browser';
import { centreSquare } from './components/square.js';
import { engine } from './engine/client.js';
import type { ModelSummary, Square } from './engine/api.js';
import type { PortraitName, SpeechName } from './settings.js';
import { portraitNames, speechNames } from './settings.js';
import * as state from './state.js';
import { texts } from './texts.js';

/** From this side on a model wants a face cut out as its training pictures were; the demo wants whole drawings. */
const leastSideForFaces = 128;

let opening: Promise<void> | undefined;
let portraitLoad = Promise.resolve();
let speechLoad = Promise.resolve();

/** What generating waits for: the portrait and the speech last chosen, read or refused. */
export const inputsSettled = () => Promise.all([portraitLoad, speechLoad]);

/** Opens the GPU, anew after it was lost. False where it cannot be, which is told at `place`. */
export async function openGpu(place: 'page' | 'run'): Promise<boolean> {
  try {
    state.adapter.value = await engine.openGpu();
    return true;
  } catch (error) {
    state.fail(place, error);
    return false;
  }
}

export function choosePortrait(file: Blob, name: string, example: PortraitName | null = null): Promise<void> {
  state.alpha.value = 'blend';
  return startPortrait(() => Promise.resolve(file), name, example, null);
}

/** Reads the portrait again, with or without the colours that lie under its transparency. */
export function chooseAlpha(alpha: AlphaRule): Promise<void> {
  const shown = state.portrait.value;
  state.alpha.value = alpha;
  if (!shown) return Promise.resolve();
  const crop = state.squareByHand.value ? (state.square.value ?? null) : null;
  return startPortrait(() => Promise.resolve(shown.file), shown.name, shown.example, crop);
}

export function choosePortraitExample(name: PortraitName, crop: Square | null = null): Promise<void> {
  return startPortrait(() => fetchFile(`examples/portraits/${name}_512.png`), `${name}.png`, name, crop);
}

export function chooseSpeech(file: Blob, name: string): Promise<void> {
  return startSpeech(() => Promise.resolve(file), name, null);
}

export function chooseSpeechExample(name: SpeechName): Promise<void> {
  return startSpeech(() => fetchFile(`examples/speech/${name}.wav`), `${name}.wav`, name);
}

/** A later choice makes an earlier one void: only the last one shows. */
let portraitTurn = 0;
function startPortrait(
  read: () => Promise<Blob>,
  name: string,
  example: PortraitName | null,
  crop: Square | null,
): Promise<void> {
  const turn = ++portraitTurn;
  state.setBusy('portrait', true);
  state.clearFailure('portrait');
  const load = async () => {
    if (turn !== portraitTurn) return;
    try {
      const file = await read();
      if (turn !== portraitTurn) return;
      const { preview, ...size } = await engine.setPortrait(file, name, state.alpha.value);
      if (turn !== portraitTurn) return;
      if (state.portrait.value) URL.revokeObjectURL(state.portrait.value.url);
      state.portrait.value = { name, url: URL.createObjectURL(preview), file, ...size, example };
      state.faces.value = undefined;
      state.square.value = crop ?? centreSquare(size);
      state.squareByHand.value = crop !== null;
      state.change({ portrait: example === portraitNames[0] ? null : example, crop });
      if (crop === null) void placeSquare();
    } catch (error) {
      if (turn === portraitTurn) state.fail('portrait', error);
    } finally {
      if (turn === portraitTurn) state.setBusy('portrait', false);
    }
  };
  return (portraitLoad = portraitLoad.then(load));
}

let speechTurn = 0;
function startSpeech(read: () => Promise<Blob>, name: string, example: SpeechName | null): Promise<void> {
  const turn = ++speechTurn;
  state.setBusy('speech', true);
  state.clearFailure('speech');
  const load = async () => {
    if (turn !== speechTurn) return;
    try {
      const file = await read();
      if (turn !== speechTurn) return;
      const summary = await engine.setSpeech(file, name);
      if (turn !== speechTurn) return;
      if (state.speech.value) URL.revokeObjectURL(state.speech.value.url);
      state.speech.value = { ...summary, name, url: URL.createObjectURL(file), example };
      state.change({ speech: example === speechNames[0] ? null : example });
    } catch (error) {
      if (turn === speechTurn) state.fail('speech', error);
    } finally {
      if (turn === speechTurn) state.setBusy('speech', false);
    }
  };
  return (speechLoad = speechLoad.then(load));
}

/** The square that the model wants, unless one was made by hand: the largest face's, or the centre. */
async function placeSquare(): Promise<void> {
  const { portrait, model, square, squareByHand } = state;
  if (!portrait.value || squareByHand.value) return;
  if ((model.value?.side ?? 0) < leastSideForFaces) square.value = centreSquare(portrait.value);
  else {
    const face = await lookForFaces();
    if (face && !squareByHand.value) square.value = face;
  }
}

/** Looks for faces, whatever the model, and puts the square round the largest. */
export async function findFaces(): Promise<void> {
  const face = await lookForFaces();
  if (face) setSquare(face);
}

async function lookForFaces(): Promise<Square | undefined> {
  const shown = state.portrait.value;
  state.setBusy('faces', true);
  state.clearFailure('portrait');
  try {
    const faces = await engine.findFaces();
    if (state.portrait.value !== shown) return undefined;
    state.faces.value = faces;
    return faces[0]?.square;
  } catch (error) {
    state.fail('portrait', error);
    return undefined;
  } finally {
    state.setBusy('faces', false);
  }
}

/** A square chosen by hand; in a link only with an example, as it means nothing with another picture. */
export function setSquare(square: Square): void {
  state.square.value = square;
  state.squareByHand.value = true;
  state.change({ crop: state.portrait.value?.example ? square : null });
}

export function resetSquare(): void {
  if (!state.portrait.value) return;
  state.squareByHand.value = false;
  state.change({ crop: null });
  state.square.value = centreSquare(state.portrait.value);
  void placeSquare();
}

/** Loads the chosen model if no model is loaded. Throws what the engine throws. */
export async function ensureModel(onProgress: (done: number, total: number) => void): Promise<void> {
  await opening;
  if (state.model.value) return;
  useModel(
    state.modelChoice.value === 'demo'
      ? await engine.loadDemo(onProgress)
      : await engine.loadSaved(state.modelChoice.value),
  );
}

/** The demo is fetched when it is first needed; a saved model is opened at once, to know what it draws. */
export function chooseModel(choice: string): Promise<void> {
  const before = state.modelChoice.value;
  state.modelChoice.value = choice;
  state.clearFailure('model');
  if (choice === 'demo') {
    state.model.value = undefined;
    return Promise.resolve(placeSquare());
  }
  return openModel(async () => {
    try {
      useModel(await engine.loadSaved(choice));
    } catch (error) {
      state.modelChoice.value = before;
      throw error;
    }
  });
}

export function importModel(files: readonly File[]): Promise<void> {
  if (files.length === 0) return Promise.resolve();
  state.clearFailure('model');
  return openModel(async () => {
    const known = new Set(state.savedModels.value.map(({ id }) => id));
    try {
      state.importing.value = { done: 0, total: 0 };
      const summary = await engine.importModel(files, (done, total) => {
        state.importing.value = { done, total };
      });
      state.savedModels.value = await engine.savedModels();
      const saved =
        state.savedModels.value.find(({ id }) => !known.has(id)) ??
        state.savedModels.value.find(({ name }) => name === summary.name);
      state.modelChoice.value = saved?.id ?? state.modelChoice.value;
      useModel(summary);
    } finally {
      state.importing.value = undefined;
    }
  });
}

export function cancelImport(): void {
  engine.cancel().catch((error: unknown) => state.fail('model', error));
}

export async function deleteModel(id: string): Promise<void> {
  try {
    await engine.deleteSaved(id);
    state.savedModels.value = await engine.savedModels();
    if (state.modelChoice.value === id) await chooseModel('demo');
  } catch (error) {
    state.fail('model', error);
  }
}

export async function listModels(): Promise<void> {
  try {
    state.savedModels.value = await engine.savedModels();
  } catch (error) {
    state.fail('model', error);
  }
}

function openModel(open: () => Promise<void>): Promise<void> {
  state.setBusy('model', true);
  opening = open()
    .catch((error: unknown) => state.fail('model', error))
    .finally(() => state.setBusy('model', false));
  return opening;
}

function useModel(summary: ModelSummary): void {
  const before = state.model.value?.side;
  state.model.value = summary;
  if (summary.side !== before) void placeSquare();
}

async function fetchFile(path: string): Promise<Blob> {
  const response = await fetch(new URL(path, document.baseURI)).catch(() => undefined);
  if (!response?.ok) throw Object.assign(new Error(texts.notFetched(path)), { name: 'Input' });
  return response.blob();
}
