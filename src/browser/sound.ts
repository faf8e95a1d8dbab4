import {
  ALL_FORMATS,
  type AudioSample,
  AudioSampleSink,
  BlobSource,
  Input,
  type InputAudioTrack,
} from 'mediabunny';
import { InputError, messageOf } from '../errors.js';
import { soundFormat } from '../media/file-kind.js';
import type { Sound } from '../media/sound.js';
import { decodeWav } from '../media/wav.js';
import { joinArrays } from '../runtime/join.js';

/**
 * A whole recording at its own rate: WAV by our own reader; MP3, FLAC, OGG, M4A, WebM and the sound of a video by the browser's
 * decoders, as far as it has them. In pages and workers. `name` is for messages.
 *
 * @throws InputError for a file that is none, cut or damaged, or of a kind this browser does not decode.
 */
export async function readSound(blob: Blob, name: string): Promise<Sound> {
  const start = new Uint8Array(await blob.slice(0, 64).arrayBuffer());
  if (isWav(start)) return decodeWav(new Uint8Array(await blob.arrayBuffer()), name);
  const input = new Input({ source: new BlobSource(blob), formats: ALL_FORMATS });
  try {
    if (!(await input.canRead())) throw notSound(start, name);
    const track = await input.getPrimaryAudioTrack();
    if (!track) throw new InputError(`${name}: holds no sound`);
    return await decodeTrack(track, name);
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`${name}: cannot be decoded (${messageOf(error).replace(/\s+/g, ' ')})`);
  } finally {
    input.dispose();
  }
}

function isWav(start: Uint8Array): boolean {
  const text = String.fromCharCode(...start.subarray(0, 12));
  return /^(RIFF|RF64)[^]{4}WAVE$/.test(text);
}

/** What the first bytes say it is instead. */
function notSound(start: Uint8Array, name: string): InputError {
  try {
    return new InputError(`${name}: corrupt ${soundFormat(start, name)}`);
  } catch (error) {
    return error instanceof InputError ? error : new InputError(`${name}: ${messageOf(error)}`);
  }
}

async function decodeTrack(track: InputAudioTrack, name: string): Promise<Sound> {
  if (!(await track.canDecode())) {
    const codec = (await track.getCodec()) ?? 'an unknown codec';
    throw new InputError(`${name}: this browser does not decode ${codec}, expected WAV or another format`);
  }
  let sampleRate = 0;
  const pieces: Float32Array[][] = [];
  for await (const sample of new AudioSampleSink(track).samples()) {
    try {
      sampleRate ||= sample.sampleRate;
      const channels = pieces[0]?.length ?? sample.numberOfChannels;
      if (sample.sampleRate !== sampleRate || sample.numberOfChannels !== channels)
        throw new InputError(`${name}: changes its sample rate or its channels midway`);
      // What lies before 0 is the encoder's run-up and not meant to be heard.
      const skip = Math.min(sample.numberOfFrames, Math.max(0, Math.round(-sample.timestamp * sampleRate)));
      pieces.push(Array.from({ length: channels }, (_, c) => plane(sample, c).subarray(skip)));
    } finally {
      sample.close();
    }
  }
  const count = pieces[0]?.length ?? 0;
  const channels = Array.from({ length: count }, (_, c) => joinArrays(pieces.map((piece) => piece[c]!)));
  if (!channels[0]?.length) throw new InputError(`${name}: holds no samples`);
  return { sampleRate, channels };
}

function plane(sample: AudioSample, planeIndex: number): Float32Array {
  const data = new Float32Array(sample.numberOfFrames);
  sample.copyTo(data, { planeIndex, format: 'f32-planar' });
  return data;
}
