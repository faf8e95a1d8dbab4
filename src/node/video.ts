import { EncodedPacket, EncodedVideoPacketSource, Mp4OutputFormat, Output } from 'mediabunny';
import { InputError } from '../base/errors.js';
import { avcLevel, completeAvcRecord } from '../media/avc.js';
import { forgetterOf } from '../media/fragment-memory.js';
import type { Picture } from '../media/picture.js';
import type { ArrivingSound, Sound } from '../media/sound.js';
import { addSoundTrack, trackChannels, type SoundTrack } from '../media/sound-track.js';
import { even, toI420 } from '../media/yuv.js';
import { createAacEncoder } from './aac.js';
import type { PipeOptions } from './byte-stream.js';
import { cannotWrite } from './files.js';
import { startH264Segment, type H264Segment } from './h264.js';
import { openVideoSink } from './video-sink.js';

export interface VideoOptions extends PipeOptions {
  /** Size of every picture. The video's size is the next even one, the last column or row repeated. */
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  /** Cut, or followed by silence, to the length of the video. */
  readonly sound?: Sound | ArrivingSound;
  /** H.264 quantisation parameter, 10 (best, largest) … 51. */
  readonly quality?: number;
  readonly title?: string;
  readonly comment?: string;
}

/** What a finished video has. */
export interface VideoFacts {
  readonly frames: number;
  readonly fps: number;
  /** In seconds. */
  readonly duration: number;
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
}

export interface VideoWriter {
  /** Appends a frame; resolves when the encoder has taken it. */
  addFrame(picture: Picture): Promise<void>;
  /** Finishes the file, gives it its name and tells what it has. A video without frames is an error. */
  close(): Promise<VideoFacts>;
  /** Gives up: removes what was written and ends the encoders. Harmless after close. */
  abort(): Promise<void>;
}

/** At 512² a photograph comes back with 38.4 dB in RGB (39.4 at 12: the rest is the halved chroma) at 1.2 Mbit/s. */
const DEFAULT_QP = 16;

/** Encoders keep a segment in memory; a player can seek to its beginning. */
const SEGMENT_SECONDS = 2;

/**
 * Writes an MP4 that browsers, QuickTime and ffmpeg play: H.264 Constrained Baseline in BT.709, AAC-LC at 48 kHz, frame
 * i at exactly i/fps. Memory does not grow with the length; only joining the fragments, at the end, holds the whole
 * index, 1 kB a frame.
 *
 * Until close the file lies beside `path` under a temporary name, in fragments of two seconds. Close joins the
 * fragments. What is no file (a named pipe, `/dev/stdout`) gets the fragments as they come; docs/outputs.md has the
 * rules. One of close and abort must be called, or the process will not end.
 *
 * @throws InputError, at once, when `path` cannot be written or the size is impossible.
 */
export async function createVideoWriter(path: string, options: VideoOptions): Promise<VideoWriter> {
  const { fps, quality = DEFAULT_QP } = options;
  const width = even(options.width);
  const height = even(options.height);
  const level = avcLevel(width, height, fps);
  if (level === undefined || !(fps > 0))
    throw new InputError(`${path}: H.264 has no ${width}x${height} at ${fps} frames a second`);
  if (!(quality >= 10 && quality <= 51)) throw new InputError(`quality ${quality}, expected 10 to 51`);

  const sink = await openVideoSink(path, options);
  const segmentLength = Math.max(1, Math.round(SEGMENT_SECONDS * fps));
  const output = new Output({
    // Each fragment is a segment with its sound, complete in itself; written at once and not in large blocks.
    format: new Mp4OutputFormat({ fastStart: 'fragmented', minimumFragmentDuration: SEGMENT_SECONDS / 2 }),
    target: sink.target,
  });
  const forgetWritten = forgetterOf(output);
  const videoSource = new EncodedVideoPacketSource('avc');
  output.addVideoTrack(videoSource, { frameRate: fps });
  let sound: SoundTrack | undefined;
  let segment: H264Segment | undefined;
  let inSegment = 0;
  let written = 0;
  let firstRecord: Uint8Array | undefined;
  let state: 'open' | 'closed' | 'aborted' = 'open';

  /** Muxes the segment, and the sound as far as the pictures now reach. */
  const finishSegment = async (last: boolean) => {
    if (segment) {
      const { packets, record } = await segment.finish();
      segment = undefined;
      inSegment = 0;
      if (firstRecord && Buffer.compare(record, firstRecord) !== 0)
        throw new Error('the H.264 encoder changed its parameters between segments');
      const decoderConfig = firstRecord ? undefined : videoConfig(record, width, height, level);
      firstRecord ??= record;
      for (const [i, { data, key }] of packets.entries()) {
        const packet = new EncodedPacket(data, key ? 'key' : 'delta', written / fps, 1 / fps);
        await videoSource.add(packet, i === 0 && decoderConfig ? { decoderConfig } : undefined);
        written++;
      }
    }
    await sound?.advance(written / fps, last);
    forgetWritten();
  };

  const { title, comment } = options;
  const tags = { ...(title && { title }), ...(comment && { comment }) };

  const abort = async () => {
    if (state === 'closed') return;
    state = 'aborted';
    // Each step is tried, whatever became of those before.
    for (const step of [
      () => segment?.discard(),
      () => sound?.close(),
      () => (output.state === 'started' ? output.cancel() : undefined),
      () => sink.discard(),
    ])
      await Promise.resolve()
        .then(step)
        .catch(() => undefined);
    segment = undefined;
  };

  /** Any failure gives up the file; a full disk and the like are the user's to mend. */
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    if (state !== 'open') throw new Error(`${path}: the video is ${state} already`);
    try {
      return await work();
    } catch (error) {
      await abort();
      throw error instanceof Error && 'errno' in error ? cannotWrite(path, error) : error;
    }
  };

  await guarded(async () => {
    const { sound: given } = options;
    if (given) sound = addSoundTrack(output, given, await createAacEncoder(trackChannels(given)));
    output.setMetadataTags(tags);
    await output.start();
  });

  return {
    addFrame: (picture) =>
      guarded(async () => {
        if (picture.width !== options.width || picture.height !== options.height)
          throw new RangeError(
            `${path}: a frame of ${picture.width}x${picture.height} in a video of ${options.width}x${options.height}`,
          );
        segment ??= await startH264Segment({ width, height, fps, qp: quality, length: segmentLength });
        segment.encode(toI420(picture));
        inSegment++;
        if (inSegment === segmentLength) await finishSegment(false);
      }),
    close: () =>
      guarded(async () => {
        if (written + inSegment === 0) throw new Error(`${path}: a video without frames`);
        await finishSegment(true);
        await output.finalize();
        const bytes = await sink.finish(fps, tags);
        state = 'closed';
        await sink.discard();
        return { frames: written, fps, duration: written / fps, width, height, bytes };
      }),
    abort,
  };
}

function videoConfig(record: Uint8Array, width: number, height: number, level: number): VideoDecoderConfig {
  const description = completeAvcRecord(record, level);
  const hex = Array.from(description.subarray(1, 4), (byte) => byte.toString(16).padStart(2, '0'));
  return {
    codec: `avc1.${hex.join('')}`,
    codedWidth: width,
    codedHeight: height,
    description,
    colorSpace: { primaries: 'bt709', transfer: 'bt709', matrix: 'bt709', fullRange: false },
  };
}
