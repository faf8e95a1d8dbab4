import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { choosePortrait } from '../actions.js';
import { fail } from '../state.js';
import { texts } from '../texts.js';
import { Button } from './controls.js';
import { Icon } from './icon.js';

/** Shows the camera and takes one picture. The camera is on while the dialog is open. */
export function CameraDialog({ onClose }: { readonly onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const video = useRef<HTMLVideoElement>(null);
  const on = useSignal(false);

  useEffect(() => {
    dialog.current?.showModal();
    let stream: MediaStream | undefined;
    let closed = false;
    const open = async () => {
      stream = await navigator.mediaDevices.getUserMedia({
        video: { facingMode: 'user', width: { ideal: 1280 }, height: { ideal: 1280 } },
      });
      if (closed) stopTracks(stream);
      else if (video.current) video.current.srcObject = stream;
    };
    open().catch(() => {
      fail('portrait', Object.assign(new Error(texts.camera.failed), { name: 'Input' }));
      close();
    });
    return () => {
      closed = true;
      stopTracks(stream);
    };
  }, []);

  // Closing, rather than going away, gives the focus back to the button that opened the dialog.
  const close = () => dialog.current?.close();
  const take = async () => {
    const picture = video.current && (await still(video.current));
    if (!picture) return;
    close();
    await choosePortrait(picture, texts.camera.name);
  };
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="camera-heading" onClose={onClose}>
      <h2 id="camera-heading">{texts.camera.heading}</h2>
      <video
        ref={video}
        class="camera"
        autoplay
        muted
        playsInline
        aria-label={texts.camera.shown}
        onLoadedData={() => (on.value = true)}
      />
      <div class="row end">
        <Button label={texts.cancel} onClick={close} />
        <button type="button" class="button primary" disabled={!on.value} onClick={() => void take()}>
          <Icon name="camera" />
          {texts.camera.take}
        </button>
      </div>
    </dialog>
  );
}

async function still(video: HTMLVideoElement): Promise<Blob | undefined> {
  const { videoWidth: width, videoHeight: height } = video;
  if (width === 0) return undefined;
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext('2d')?.drawImage(video, 0, 0);
  return canvas.convertToBlob({ type: 'image/png' });
}

function stopTracks(stream: MediaStream | undefined): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}
