import { InputError } from '../base/errors.js';
import type { PcmFormat } from '../media/pcm.js';
import type { Sound } from '../media/sound.js';
import type { ArrivingSound } from '../media/sound.js';
import { readSound } from '../node/sound.js';
import { openStandardInput } from '../node/standard-input.js';

export interface SpeechFlags {
  readonly audio: string;
  readonly pcmRate?: number;
  readonly pcmFormat?: PcmFormat;
  readonly lookAhead?: number;
  readonly motionIn?: string;
}

/**
 * A file as sound, or standard input: a file that is piped in, or raw PCM as sound that is still arriving.
 *
 * @throws InputError for what cannot be used, and for options that do not go together.
 */
export async function openSpeech(
  flags: SpeechFlags,
  signal: AbortSignal,
  note: (line: string) => void,
): Promise<Sound | ArrivingSound> {
  if (flags.audio !== '-') {
    for (const [name, value] of [
      ['--pcm-rate', flags.pcmRate],
      ['--pcm-format', flags.pcmFormat],
      ['--look-ahead', flags.lookAhead],
    ] as const) {
      if (value !== undefined) throw new InputError(`${name}: only with --audio -`);
    }
    return readSound(flags.audio, { note });
  }
  if (flags.motionIn !== undefined) throw new InputError('--motion-in: not with --audio -');
  if (process.stdin.isTTY)
    throw new InputError('--audio -: standard input is a terminal, expected a file or raw PCM');
  const { pcmRate: rate = 16000, pcmFormat: format = 's16le' } = flags;
  const pcmOnly = [flags.pcmRate, flags.pcmFormat, flags.lookAhead].some((flag) => flag !== undefined);
  return openStandardInput(process.stdin, { pcmOnly, rate, format, signal, note });
}

export function isArriving(speech: Sound | ArrivingSound): speech is ArrivingSound {
  return 'pieces' in speech;
}

/** For `animateStream`. */
export function streamOptions({ lookAhead }: SpeechFlags, { sampleRate }: ArrivingSound) {
  return { sampleRate, ...(lookAhead !== undefined && { lookAhead }) };
}
