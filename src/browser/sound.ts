import {
  ADTS,
  type AudioSample,
  AudioSampleSink,
  BlobSource,
  FLAC,
  Input,
  type InputAudioTrack,
  MATROSKA,
  MP3,
  MP4,
  OGG,
  QTFF,
  WEBM,
} from 'mediabunny';
import { InputError, messageOf } from '../base/errors.js';
import { soundFormat, type SoundFormat } from '../media/file-kind.js';
import type { Sound } from '../media/sound.js';
import { playedPart, type SoundPart } from '../media/sound-part.js';
import { decodeWav } from '../media/wav.js';
import { joinArrays } from '../base/arrays.js';

/** What people have. The others that mediabunny knows would make pages heavier. */
const FORMATS = [MP3, FLAC, OGG, MP4, QTFF, WEBM, MATROSKA, ADTS];

/**
 * A whole recording at its own rate: WAV by our own reader; MP3, FLAC, OGG, M4A, WebM and the sound of a video by the browser's
 * decoders, as far as it has them. In pages and workers. `name` is for messages.
 *
 * @throws InputError for a file that is none, cut or damaged, or of a kind this browser does not decode.
 */
export async function readSound(blob: Blob, name: string): Promise<Sound> {
  const start = new Uint8Array(await blob.slice(0, 64).arrayBuffer());
  const { format, refusal } = formatOf(start, name);
  if (format === 'WAV') return decodeWav(await bytesOf(blob), name);
  const ownReader = format === 'MP3' || format === 'FLAC' || format === 'OGG';
  const part = ownReader ? playedPart(await bytesOf(blob), name) : undefined;
  const input = new Input({ source: new BlobSource(blob), formats: FORMATS });
  try {
    if (!(await input.canRead())) throw refusal ?? new InputError(`${name}: corrupt ${format}`);
    const track = await input.getPrimaryAudioTrack();
    if (!track) throw new InputError(`${name}: holds no sound, or is cut short`);
    return cut(await decodeTrack(track, name), part, name);
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`${name}: cannot be decoded (${messageOf(error).replace(/\s+/g, ' ')})`);
  } finally {
    input.dispose();
  }
}

const bytesOf = async (blob: Blob) => new Uint8Array(await blob.arrayBuffer());

/** The format, or why Node would refuse it; browsers may read it nevertheless. */
function formatOf(start: Uint8Array, name: string): { format?: SoundFormat; refusal?: InputError } {
  try {
    return { format: soundFormat(start, name) };
  } catch (error) {
    return { refusal: error as InputError };
  }
}

async function decodeTrack(track: InputAudioTrack, name: string): Promise<Sound> {
  if (!(await track.canDecode())) {
    const codec = (await track.getCodec()) ?? 'its codec';
    throw new InputError(
      `${name}: this browser does not decode ${codec}, expected another format, such as WAV`,
    );
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
  return { sampleRate, channels };
}

function plane(sample: AudioSample, planeIndex: number): Float32Array {
  const data = new Float32Array(sample.numberOfFrames);
  sample.copyTo(data, { planeIndex, format: 'f32-planar' });
  return data;
}

function cut({ sampleRate, channels }: Sound, part: SoundPart | undefined, name: string): Sound {
  const { start = 0, length = Infinity } = part ?? {};
  const played = channels.map((channel) => channel.subarray(start, start + length));
  if (!played[0]?.length) throw new InputError(`${name}: holds no samples`);
  return { sampleRate, channels: played };
}
