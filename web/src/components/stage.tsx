import type { Square } from '../engine/api.js';
import type { Portrait } from '../state.js';
import { portrait, result, runKind, settings, square, videoReady, videoTime } from '../state.js';
import { texts } from '../texts.js';
import { notePlaying, videoRef } from '../video.js';

/** The video, and until there is one what it will show: the square of the portrait. */
export function Stage() {
  const ready = videoReady.value;
  const [chosen, part] = [portrait.value, square.value];
  const summary = runKind.value === 'done' ? result.value?.summary : undefined;
  return (
    <figure class="stage">
      <div class="screen">
        {!ready && chosen && part && <Preview portrait={chosen} square={part} />}
        <video
          ref={videoRef}
          class={ready ? '' : 'waiting'}
          aria-label={texts.run.video}
          controls
          playsInline
          preload="auto"
          disableRemotePlayback={!('MediaSource' in globalThis)}
          onLoadedData={() => (videoReady.value = true)}
          onPlay={notePlaying}
          onTimeUpdate={({ currentTarget }) => (videoTime.value = currentTarget.currentTime)}
          onSeeking={({ currentTarget }) => (videoTime.value = currentTarget.currentTime)}
        />
      </div>
      {ready && (
        <figcaption>
          <strong>{texts.run.caption}</strong>
          {summary && (
            <span class="hint numbers">
              {texts.run.summary(summary.width, summary.height, summary.fps, summary.frames, summary.seconds)}
            </span>
          )}
          {summary?.soundCodec === 'none' && <span class="hint">{texts.run.silent}</span>}
        </figcaption>
      )}
    </figure>
  );
}

function Preview({ portrait, square }: { readonly portrait: Portrait; readonly square: Square }) {
  return settings.value.pasteBack ? (
    <div class="preview whole" role="img" aria-label={texts.run.previewPasteBack}>
      <div class="fit" style={{ '--aspect': String(portrait.width / portrait.height) }}>
        <img src={portrait.url} alt="" />
        <span class="feather" style={placed(square, portrait)} />
      </div>
    </div>
  ) : (
    <div class="preview cut" role="img" aria-label={texts.run.preview}>
      <img src={portrait.url} alt="" style={zoomed(square, portrait)} />
    </div>
  );
}

const percent = (part: number, whole: number) => `${(100 * part) / whole}%`;

function placed({ x, y, size }: Square, { width, height }: Portrait) {
  return {
    left: percent(x, width),
    top: percent(y, height),
    width: percent(size, width),
    height: percent(size, height),
    '--left': faded(x > 0),
    '--right': faded(x + size < width),
    '--top': faded(y > 0),
    '--bottom': faded(y + size < height),
  };
}

/** The outer eighth of the square, but not where the picture ends. */
function faded(inside: boolean): string {
  return inside ? '12.5%' : '0%';
}

/** The picture so large and so far out of its frame that the square fills the frame. */
function zoomed({ x, y, size }: Square, { width, height }: Portrait) {
  return {
    left: percent(-x, size),
    top: percent(-y, size),
    width: percent(width, size),
    height: percent(height, size),
  };
}
