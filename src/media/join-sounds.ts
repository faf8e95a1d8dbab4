import { joinArrays } from '../base/arrays.js';
import { resample } from './resample.js';
import { toMono, type Sound } from './sound.js';

/**
 * Recordings one after the other, as files hold them that were made by appending one to another: at the highest of
 * their rates, and with their channels if all have the same. Otherwise mono goes with stereo as two equal channels, and
 * all else is mixed to mono.
 */
export function joinSounds(sounds: readonly Sound[]): Sound {
  const [first, ...rest] = sounds;
  if (!first) throw new RangeError('joinSounds: nothing to join');
  if (rest.length === 0) return first;
  const sampleRate = Math.max(...sounds.map((sound) => sound.sampleRate));
  const layout = ({ channels, speakers }: Sound) => `${channels.length} ${speakers?.join(' ')}`;
  const alike = rest.every((sound) => layout(sound) === layout(first));
  const most = Math.max(...sounds.map((sound) => sound.channels.length));
  const channelsOf = (sound: Sound): readonly Float32Array[] => {
    if (alike || (most === 2 && sound.channels.length === 2)) return sound.channels;
    const mono = toMono(sound);
    return most === 2 ? [mono, mono] : [mono];
  };
  const parts = sounds.map((sound) =>
    channelsOf(sound).map((channel) => resample(channel, sound.sampleRate, sampleRate)),
  );
  const channels = parts[0]!.map((_, c) => joinArrays(parts.map((part) => part[c]!)));
  return { sampleRate, channels, ...(alike && first.speakers && { speakers: first.speakers }) };
}
