import { useSignal } from '@preact/signals';
import { engine } from '../engine/client.js';
import { clearFailure, fail, result, running } from '../state.js';
import { texts } from '../texts.js';
import { Button } from './controls.js';
import { CopyLink } from './copy-link.js';
import { Icon } from './icon.js';

const t = texts.run;

/** What can be kept of the last complete run. */
export function Exports() {
  const packing = useSignal('');
  const saved = result.value;
  if (!saved) return null;
  const save = async (make: () => Promise<Blob>, name: string) => {
    clearFailure('run');
    try {
      download(await make(), name);
    } catch (error) {
      fail('run', error);
    } finally {
      packing.value = '';
    }
  };
  const blocked = running.value || packing.value !== '';
  return (
    <div class="exports" role="group" aria-label={t.save}>
      <a class="button" href={saved.url} download={`${t.fileName}.mp4`}>
        <Icon name="download" />
        {t.saveVideo}
      </a>
      <Button
        icon="download"
        label={t.saveFrames}
        disabled={blocked}
        onClick={() => {
          const progress = (done: number, total: number) => (packing.value = t.saving(done, total));
          progress(0, saved.summary.frames);
          void save(() => engine.exportFrames(progress), `${t.fileName}.zip`);
        }}
      />
      <Button
        icon="download"
        label={t.saveMotion}
        disabled={blocked}
        onClick={() => void save(() => engine.exportMotion(), `${t.fileName}.safetensors`)}
      />
      <CopyLink />
      <span class="hint numbers">{packing}</span>
    </div>
  );
}

function download(file: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  // Browsers have begun to read the file by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
