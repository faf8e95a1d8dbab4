import { Alert } from './components/alert.js';
import { IconButton } from './components/controls.js';
import { DropZone } from './components/drop-zone.js';
import { Exports } from './components/exports.js';
import { GenerateBar, RunAlert } from './components/generate.js';
import { Icon } from './components/icon.js';
import { InsideSlot } from './components/inside-slot.js';
import { ModelCard } from './components/model.js';
import { PortraitCard } from './components/portrait.js';
import { SettingsCard } from './components/settings-card.js';
import { SpeechCard } from './components/speech.js';
import { Stage } from './components/stage.js';
import { adapter, linkProblems } from './state.js';
import { texts } from './texts.js';

/** Inputs on the left, the video beside them; on a phone one below the other, the button always in reach. */
export function App() {
  return (
    <>
      <button
        type="button"
        class="button skip"
        onClick={() => document.getElementById('video-heading')?.focus()}
      >
        {texts.skip}
      </button>
      <header>
        <h1>{texts.heading}</h1>
        <p class="lead">
          {texts.lead} {texts.privacy}
        </p>
      </header>
      <main>
        <div class="notices">
          <Alert place="page" />
          <LinkNotice />
        </div>
        <div class="work">
          <div class="inputs">
            <PortraitCard />
            <SpeechCard />
            <ModelCard />
            <SettingsCard />
          </div>
          <section class="output" aria-labelledby="video-heading">
            <h2 id="video-heading" class="visually-hidden" tabIndex={-1}>
              {texts.run.heading}
            </h2>
            <Stage />
            <RunAlert />
            <GenerateBar />
            <Exports />
            <AdapterNote />
          </section>
        </div>
        <InsideSlot />
      </main>
      <footer>
        <p>{texts.footer.consent}</p>
        <p>
          <a href={texts.footer.paperUrl} rel="noreferrer">
            {texts.footer.paper}
          </a>{' '}
          · {texts.footer.licence}
        </p>
      </footer>
      <DropZone />
    </>
  );
}

function LinkNotice() {
  const problems = linkProblems.value;
  return (
    <div role="status">
      {problems.length > 0 && (
        <div class="notice">
          <Icon name="link" />
          <p>{texts.settings.linkProblems(problems)}</p>
          <IconButton icon="close" label={texts.dismiss} onClick={() => (linkProblems.value = [])} />
        </div>
      )}
    </div>
  );
}

function AdapterNote() {
  const found = adapter.value;
  if (!found) return null;
  return (
    <p class="hint adapter">
      {texts.adapter(found.name)} {found.software && texts.software}
    </p>
  );
}
