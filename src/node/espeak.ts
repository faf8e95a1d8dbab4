import type { Phoneme } from '../cartoon/visemes.js';
import type { Prosody } from '../cartoon/voice.js';

/** The speech synthesiser espeak-ng, through its library. */
export interface Espeak {
  readonly version: string;
  /** In Hz. */
  readonly sampleRate: number;
  /** @param voice as `espeak-ng -v` takes it: `en-us+f3`. */
  say(text: string, voice: string, prosody: Prosody): Utterance;
}

export interface Utterance {
  readonly sound: Float32Array<ArrayBuffer>;
  readonly phonemes: readonly Phoneme[];
}

let loaded: Promise<Espeak | undefined> | undefined;

/** Undefined where the library (Debian's package `libespeak-ng1`) or the optional package `koffi` is missing. */
export function loadEspeak(): Promise<Espeak | undefined> {
  return (loaded ??= load());
}

const libraries: Partial<Record<NodeJS.Platform, string>> = {
  darwin: 'libespeak-ng.dylib',
  win32: 'libespeak-ng.dll',
};

// Of espeak-ng's speak_lib.h.
const SYNCHRONOUS = 2;
const PHONEME_EVENTS_IN_IPA = 1 | 2;
const PARAMETERS = { rate: 1, pitch: 3, range: 4, gap: 7 } as const;
const UTF8 = 1;
const EVENT_END = 0;
const EVENT_PHONEME = 7;
const EVENT_BYTES = 40;

interface Event {
  readonly type: number;
  /** In milliseconds. */
  readonly audio: number;
  readonly text: readonly number[];
}

async function load(): Promise<Espeak | undefined> {
  try {
    const { default: koffi } = await import('koffi');
    const library = koffi.load(libraries[process.platform] ?? 'libespeak-ng.so.1');
    const event = koffi.struct({
      type: 'int',
      id: 'uint',
      textPosition: 'int',
      length: 'int',
      audio: 'int',
      sample: 'int',
      user: 'void *',
      text: koffi.array('uint8', 8, 'Array'),
    });
    const callback = koffi.pointer(koffi.proto('int SynthCallback(void *wave, int count, void *events)'));
    const declare = (prototype: string) => library.func(prototype) as (...values: unknown[]) => unknown;
    const initialize = declare('int espeak_Initialize(int output, int buffer, str path, int options)');
    const setCallback = library.func('espeak_SetSynthCallback', 'void', [callback]) as (f: unknown) => void;
    const setVoice = declare('int espeak_SetVoiceByName(str name)');
    const setParameter = declare('int espeak_SetParameter(int parameter, int value, int relative)');
    const synthesise = declare(
      'int espeak_Synth(str text, size_t bytes, uint from, int type, uint to, uint flags, void *id, void *user)',
    );
    const version = String(declare('str espeak_Info(void *path)')(null));
    const sampleRate = Number(initialize(SYNCHRONOUS, 0, null, PHONEME_EVENTS_IN_IPA));
    if (!(sampleRate > 0)) return undefined;

    let pieces: Int16Array[] = [];
    let phonemes: Phoneme[] = [];
    const receive = (wave: unknown, count: number, events: unknown) => {
      if (wave && count > 0) {
        pieces.push(Int16Array.from(koffi.decode(wave, koffi.array('int16', count, 'Typed')) as Int16Array));
      }
      for (let at = 0; ; at += EVENT_BYTES) {
        const { type, audio, text } = koffi.decode(events, at, event) as Event;
        if (type === EVENT_END) return 0;
        if (type === EVENT_PHONEME) phonemes.push({ start: audio / 1000, symbol: symbolOf(text) });
      }
    };
    setCallback(koffi.register(receive, callback));
    return {
      version,
      sampleRate,
      say(text, voice, prosody) {
        [pieces, phonemes] = [[], []];
        if (setVoice(voice) !== 0) throw new Error(`espeak-ng has no voice ${voice}`);
        for (const [name, parameter] of Object.entries(PARAMETERS)) {
          setParameter(parameter, prosody[name as keyof Prosody], 0);
        }
        const bytes = Buffer.byteLength(text) + 1;
        if (synthesise(text, bytes, 0, 1, 0, UTF8, null, null) !== 0) throw new Error('espeak-ng failed');
        const samples = pieces.flatMap((piece) => Array.from(piece, (value) => value / 32768));
        return { sound: Float32Array.from(samples), phonemes };
      },
    };
  } catch {
    return undefined;
  }
}

function symbolOf(text: readonly number[]): string {
  const end = text.indexOf(0);
  return new TextDecoder().decode(Uint8Array.from(end < 0 ? text : text.slice(0, end)));
}
