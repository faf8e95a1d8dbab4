import { portrait, result, runKind, settings, square, videoReady, videoTime } from '../state.js';
import { texts } from '../texts.js';
import { notePlaying, videoRef } from '../video.js';
import { CutPreview, WholePreview } from './preview.js';

/** The video, and until there is one what it will show: the square of the portrait. */
export function Stage() {
  const ready = videoReady.value;
  const [chosen, part] = [portrait.value, square.value];
  const Preview = settings.value.pasteBack ? WholePreview : CutPreview;
  const summary = runKind.value === 'running' ? undefined : result.value?.summary;
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
