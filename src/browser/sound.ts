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
import { joinSounds } from '../media/join-sounds.js';
import { checkBoxes } from '../media/mp4-boxes.js';
import type { Sound } from '../media/sound.js';
import { soundParts, type SoundPart } from '../media/sound-part.js';
import { id3Length, leadingTags } from '../media/tags.js';
import { decodeWav } from '../media/wav.js';
import type { Note } from '../media/note.js';
import { joinArrays } from '../base/arrays.js';

/** What people have. The others that mediabunny knows would make pages heavier. */
const FORMATS = [MP3, FLAC, OGG, MP4, QTFF, WEBM, MATROSKA, ADTS];

/**
 * A whole recording at its own rate: WAV by our own reader; MP3, FLAC, OGG, M4A, WebM and the sound of a video by the
 * browser's decoders, as far as it has them. In pages and workers. `name` is for messages.
 *
 * @throws InputError for a file that is none, cut or damaged, or of a kind this browser does not decode.
 */
export async function readSound(
  blob: Blob,
  name: string,
  { note = console.warn }: ReadSoundOptions = {},
): Promise<Sound> {
  const { format, refusal } = formatOf(await startOf(blob), name);
  if (format === 'WAV') {
    const bytes = await bytesOf(blob);
    return decodeWav(bytes.subarray(leadingTags(bytes)), name, note);
  }
  if (format === 'M4A')
    await checkBoxes((start, end) => bytesOf(blob.slice(start, end)), blob.size, name, note);
  const sounds: Sound[] = [];
  for (const { source, played } of await partsOf(blob, format, name, note)) {
    const sound = await decode(source, name, refusal ?? new InputError(`${name}: corrupt ${format}`));
    sounds.push(cut(sound, played, name));
  }
  return joinSounds(sounds);
}

export interface ReadSoundOptions {
  /** Is told, in a line, what of the file is left out or may be missing. Otherwise it is printed to the console. */
  readonly note?: Note;
}

/** The file as it is, or its streams, of which browsers play the first at best. */
async function partsOf(
  blob: Blob,
  format: SoundFormat | undefined,
  name: string,
  note: Note,
): Promise<{ source: Blob; played?: SoundPart['played'] }[]> {
  if (format === undefined || format === 'WAV' || format === 'M4A') return [{ source: blob }];
  const parts = soundParts(await bytesOf(blob), format, name, note);
  return parts.map(({ bytes, played }) => ({
    source: new Blob([bytes as Uint8Array<ArrayBuffer>]),
    ...(played && { played }),
  }));
}

async function decode(source: Blob, name: string, refusal: InputError): Promise<Sound> {
  const input = new Input({ source: new BlobSource(source), formats: FORMATS });
  try {
    if (!(await input.canRead())) throw refusal;
    const track = await input.getPrimaryAudioTrack();
    if (!track) throw new InputError(`${name}: holds no sound, or is cut short`);
    return await decodeTrack(track, name);
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`${name}: cannot be decoded (${messageOf(error).replace(/\s+/g, ' ')})`);
  } finally {
    input.dispose();
  }
}

const bytesOf = async (blob: Blob) => new Uint8Array(await blob.arrayBuffer());

/** What tells the format: the tags at the beginning, and a little of what follows them. */
async function startOf(blob: Blob): Promise<Uint8Array> {
  let end = 0;
  for (;;) {
    const length = id3Length(await bytesOf(blob.slice(end, end + 10)));
    if (length === 0) return bytesOf(blob.slice(0, end + 4096));
    end += length;
  }
}

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

function cut({ sampleRate, channels }: Sound, played: SoundPart['played'], name: string): Sound {
  const { start = 0, length = Infinity } = played ?? {};
  const heard = channels.map((channel) => channel.subarray(start, start + length));
  if (!heard[0]?.length) throw new InputError(`${name}: holds no samples`);
  return { sampleRate, channels: heard };
}
