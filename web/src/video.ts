import { createRef } from 'preact';
import { videoReady, videoTime } from './state.js';

/** The page's one video element; its address is set here alone. */
export const videoRef = createRef<HTMLVideoElement>();

/** Once it has played, by itself or by hand, it never starts by itself again. */
let played = false;
let stopWaiting: (() => void) | undefined;

/** Shows another video from its beginning, or none. */
export function showVideo(url: string | undefined): void {
  stopWaiting?.();
  const video = videoRef.current;
  played = false;
  videoReady.value = false;
  videoTime.value = 0;
  if (!video) return;
  if (url === undefined) video.removeAttribute('src');
  else video.src = url;
  video.load();
}

/** The same video as a file: it takes its place when nothing moves, at the same position. */
export function continueAs(url: string): void {
  stopWaiting?.();
  const video = videoRef.current;
  if (!video) return;
  const swap = () => {
    stopWaiting?.();
    const position = video.currentTime;
    video.src = url;
    if (position > 0) video.currentTime = position;
  };
  if (video.paused || video.ended) return swap();
  const stop = new AbortController();
  stopWaiting = () => stop.abort();
  for (const event of ['pause', 'ended']) video.addEventListener(event, swap, { signal: stop.signal });
}

/** Plays, unless it was played before; a browser that forbids it leaves that to the visitor. */
export function startPlaying(): void {
  if (played) return;
  played = true;
  videoRef.current?.play().catch(() => undefined);
}

export function notePlaying(): void {
  played = true;
}

/** Takes the video's cursor somewhere, and stops it there. */
export function seekVideo(seconds: number): void {
  const video = videoRef.current;
  if (!video) return;
  video.pause();
  video.currentTime = seconds;
}
