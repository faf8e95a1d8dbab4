import { effect } from '@preact/signals';
import { choosePortraitExample, chooseSpeechExample } from './actions.js';
import { formatSettings, parseSettings, portraitNames, speechNames } from './settings.js';
import * as state from './state.js';

/** Safari allows a hundred changes of the address in ten seconds: a slider makes more. */
const writeDelay = 250;

/**
 * Takes settings and examples from the address now and whenever it changes, and writes them there when they change
 * here.
 */
export function followLink(): void {
  readLink(true);
  window.addEventListener('hashchange', () => readLink(false));
  let timer: ReturnType<typeof setTimeout> | undefined;
  effect(() => {
    const fragment = formatSettings(state.settings.value);
    clearTimeout(timer);
    timer = setTimeout(() => writeLink(fragment), writeDelay);
  });
}

/** The address of this page with the settings of now. */
export function currentLink(): string {
  const url = new URL(location.href);
  url.hash = formatSettings(state.settings.value);
  return url.href;
}

/** A file of the visitor's own stays, unless the link names an example. */
function readLink(first: boolean): void {
  const { settings, problems } = parseSettings(location.hash);
  state.linkProblems.value = problems;
  state.settings.value = settings;
  const { crop } = settings;
  const ownPortrait = !first && state.portrait.value?.example === null;
  const portrait = settings.portrait ?? (ownPortrait ? null : portraitNames[0]);
  if (portrait && (crop || portrait !== state.portrait.value?.example)) {
    void choosePortraitExample(portrait, crop);
  }
  const ownSpeech = !first && state.speech.value?.example === null;
  const speech = settings.speech ?? (ownSpeech ? null : speechNames[0]);
  if (speech && speech !== state.speech.value?.example) void chooseSpeechExample(speech);
}

function writeLink(fragment: string): void {
  if (fragment === location.hash.slice(1)) return;
  history.replaceState(null, '', `${location.pathname}${location.search}${fragment && `#${fragment}`}`);
}
