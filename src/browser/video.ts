import {
  AppendOnlyStreamTarget,
  BlobSource,
  EncodedVideoPacketSource,
  Mp4OutputFormat,
  Output,
  StreamTarget,
} from 'mediabunny';
import { forgetterOf } from '../media/fragment-memory.js';
import type { Picture } from '../media/picture.js';
import { joinFragments } from '../media/remux.js';
import type { Sound } from '../media/sound.js';
import { addSoundTrack, trackChannels, type SoundTrack } from '../media/sound-track.js';
import { even } from '../media/yuv.js';
import { createBlobWriter } from './blob-writer.js';
import { openH264Encoder } from './h264-encoder.js';
import { openSoundEncoder } from './sound-encoder.js';

export interface BrowserVideoOptions {
  /** Size of every picture. The video's size is the next even one, the last column or row repeated. */
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  /** Cut, or followed by silence, to the length of the video. */
  readonly sound?: Sound;
  readonly title?: string;
  readonly comment?: string;
  /** Before the first piece: what `MediaSource.addSourceBuffer` wants. */
  readonly onType?: (mimeType: string) => void;
  /**
   * About every second of video, a piece of fragmented MP4 that begins with a key frame; the first begins with the
   * index.
   */
  readonly onPiece?: (piece: Uint8Array<ArrayBuffer>) => void;
}

export interface BrowserVideoFile {
  /** An MP4 with one index. */
  readonly file: Blob;
  /** AAC where the browser encodes it, else Opus, else none. */
  readonly soundCodec: 'aac' | 'opus' | 'none';
}

export interface BrowserVideo {
  /** Appends a frame; resolves when the encoder has taken it. */
  addFrame(picture: Picture): Promise<void>;
  /** Ends the last piece and makes the file. A video without frames is an error. */
  close(): Promise<BrowserVideoFile>;
  /** Gives up and ends the encoders. Harmless after close. */
  abort(): Promise<void>;
}

const PIECE_SECONDS = 1;

/**
 * A video as it is made, by WebCodecs: H.264 in BT.709 and the sound at 48 kHz, frame i at exactly i/fps; in pieces for
 * playing at once through MediaSource, and in the end as a file. What has been encoded is kept in Blobs, which browsers
 * move to disk, so that memory grows by the file's index alone, less than 1 kB a frame. In pages and workers. One of
 * close and abort must be called.
 *
 * @throws NoVideoEncoderError when the browser cannot encode such a video.
 */
export async function createBrowserVideo(options: BrowserVideoOptions): Promise<BrowserVideo> {
  const { fps, sound: given, onType, onPiece } = options;
  const encoder = await openH264Encoder({ width: even(options.width), height: even(options.height), fps });
  const soundEncoder = given && (await openSoundEncoder(trackChannels(given)));
  const tags = {
    ...(options.title && { title: options.title }),
    ...(options.comment && { comment: options.comment }),
  };
  const perPiece = Math.max(1, Math.round(PIECE_SECONDS * fps));

  const pieces: Blob[] = [];
  let waiting: Uint8Array<ArrayBuffer>[] = [];
  let pieceReady = false;
  const output = new Output({
    format: new Mp4OutputFormat({
      fastStart: 'fragmented',
      // Half a frame less than a piece: each key frame begins one.
      minimumFragmentDuration: (perPiece - 0.5) / fps,
      onMoof: () => (pieceReady = true),
    }),
    target: new AppendOnlyStreamTarget(
      new WritableStream({ write: (bytes) => void waiting.push(new Uint8Array(bytes)) }),
    ),
  });
  const forgetWritten = forgetterOf(output);
  const videoSource = new EncodedVideoPacketSource('avc');
  output.addVideoTrack(videoSource, { frameRate: fps });
  const sound: SoundTrack | undefined = given && soundEncoder && addSoundTrack(output, given, soundEncoder);
  output.setMetadataTags(tags);

  let frames = 0;
  let muxed = 0;
  let state: 'open' | 'closed' | 'aborted' = 'open';

  /** Muxes what the encoder has made, and the sound as far as the pictures now reach. */
  const mux = async (last: boolean) => {
    for (const { packet, meta } of encoder.take()) {
      await videoSource.add(packet, meta);
      muxed++;
    }
    await sound?.advance(muxed / fps, last);
  };

  /** Passes on what the muxer has written, if a piece is complete. */
  const passOn = async () => {
    if (!pieceReady) return;
    if (pieces.length === 0) onType?.(await output.getMimeType());
    const blob = new Blob(waiting);
    waiting = [];
    pieceReady = false;
    forgetWritten();
    pieces.push(blob);
    onPiece?.(new Uint8Array(await blob.arrayBuffer()));
  };

  const abort = async () => {
    if (state !== 'open') return;
    state = 'aborted';
    encoder.close();
    await sound?.close();
    if (output.state === 'started') await output.cancel();
  };

  /** Any failure gives up the video. */
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    if (state !== 'open') throw new Error(`the video is ${state} already`);
    try {
      return await work();
    } catch (error) {
      await abort().catch(() => undefined);
      throw error;
    }
  };

  await guarded(() => output.start());

  return {
    addFrame: (picture) =>
      guarded(async () => {
        if (picture.width !== options.width || picture.height !== options.height)
          throw new RangeError(
            `a frame of ${picture.width}x${picture.height} in a video of ${options.width}x${options.height}`,
          );
        await encoder.encode(picture, frames % perPiece === 0);
        frames++;
        await mux(false);
        await passOn();
      }),
    close: () =>
      guarded(async () => {
        if (frames === 0) throw new Error('a video without frames');
        await encoder.finish();
        await mux(true);
        await output.finalize();
        await passOn();
        encoder.close();
        await sound?.close();
        const writer = createBlobWriter();
        await joinFragments(
          new BlobSource(new Blob(pieces)),
          new StreamTarget(writer.stream, { chunked: true }),
          fps,
          tags,
        );
        state = 'closed';
        return { file: writer.blob('video/mp4'), soundCodec: soundEncoder?.codec ?? 'none' };
      }),
    abort,
  };
}
