/**
 * Plays a video while it is being made: pieces of fragmented MP4 go to a media source, whose address a video element
 * shows. Where the browser has none, or takes no such video, nothing can be seen before the file is complete.
 */
export interface Player {
  readonly url: string | undefined;
  /** Before the first piece. @param mimeType with codecs. */
  open(mimeType: string): void;
  /** Seconds, as soon as they are known, for the scrubber. */
  setDuration(seconds: number): void;
  append(piece: Uint8Array<ArrayBuffer>): void;
  /** Seconds of video that can be played now. */
  buffered(): number;
  /** No more pieces come. */
  end(): void;
  release(): void;
}

type Source = typeof MediaSource;

/**
 * iPhones have a ManagedMediaSource only: the system says when to fetch, which does not matter for pieces made here.
 */
function mediaSource(): Source | undefined {
  const scope = globalThis as { MediaSource?: Source; ManagedMediaSource?: Source };
  return scope.MediaSource ?? scope.ManagedMediaSource;
}

export function createPlayer(): Player {
  const Source = mediaSource();
  if (!Source) return silentPlayer;
  const source = new Source();
  const url = URL.createObjectURL(source);
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let [mimeType, duration, ended, broken] = ['', 0, false, false];
  let buffer: SourceBuffer | undefined;

  /** A media source takes one thing at a time: whatever waits is tried again after each. */
  const proceed = (): void => {
    if (broken || source.readyState !== 'open' || buffer?.updating) return;
    try {
      if (!buffer && mimeType) {
        buffer = source.addSourceBuffer(mimeType);
        buffer.addEventListener('updateend', proceed);
      }
      if (!buffer) return;
      if (duration > 0 && !(source.duration >= duration)) source.duration = duration;
      const piece = pieces.shift();
      if (piece) buffer.appendBuffer(piece);
      else if (ended) source.endOfStream();
    } catch {
      // Full, or closed by the browser: the file at the end plays anyhow.
      broken = true;
    }
  };
  source.addEventListener('sourceopen', proceed);

  return {
    url,
    open(type) {
      if (Source.isTypeSupported(type)) mimeType = type;
      else broken = true;
      proceed();
    },
    setDuration(seconds) {
      duration = seconds;
      proceed();
    },
    append(piece) {
      pieces.push(piece);
      proceed();
    },
    buffered: () => (buffer?.buffered.length ? buffer.buffered.end(0) : 0),
    end() {
      ended = true;
      proceed();
    },
    release: () => URL.revokeObjectURL(url),
  };
}

const nothing = () => undefined;
const silentPlayer: Player = {
  url: undefined,
  open: nothing,
  setDuration: nothing,
  append: nothing,
  buffered: () => 0,
  end: nothing,
  release: nothing,
};
