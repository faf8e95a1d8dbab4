/**
 * Where a channel is meant to be heard, after the bits of WAVE_FORMAT_EXTENSIBLE's channel mask: front (F), back (B),
 * side (S) and top (T), left, right and centre; LFE, low-frequency effects. 'mono' is heard alone, 'none' not, and
 * 'any' wherever.
 */
export type Speaker = (typeof MASK)[number] | 'mono' | 'none' | 'any';

/** By bit, from the lowest. */
const MASK = [
  ...(['FL', 'FR', 'FC', 'LFE', 'BL', 'BR', 'FLC', 'FRC', 'BC', 'SL', 'SR'] as const),
  ...(['TC', 'TFL', 'TFC', 'TFR', 'TBL', 'TBC', 'TBR'] as const),
];

const words = (layout: string) => layout.split(' ') as readonly Speaker[];

/**
 * For a number of channels and nothing said about them: the order of WAV and FLAC (RFC 9639, 9.1.3), and of AAC
 * decoded.
 */
const BY_COUNT = [
  ...['', 'FC', 'FL FR', 'FL FR FC', 'FL FR BL BR', 'FL FR FC BL BR'],
  ...['FL FR FC LFE BL BR', 'FL FR FC LFE BC SL SR', 'FL FR FC LFE BL BR SL SR'],
].map(words);

/** Vorbis (I, 4.3.9) and Opus (RFC 7845, 5.1.1.2) have the centre second and the LFE last. */
const VORBIS = [
  ...['', 'FC', 'FL FR', 'FL FC FR', 'FL FR BL BR', 'FL FC FR BL BR'],
  ...['FL FC FR BL BR LFE', 'FL FC FR SL SR BC LFE', 'FL FC FR SL SR BL BR LFE'],
].map(words);

export const vorbisSpeakers = (channels: number): readonly Speaker[] | undefined => VORBIS[channels];

/**
 * The speakers of a channel mask, in its order. Undefined where they are the usual ones, and where the mask does not
 * name as many as there are channels.
 */
export function maskSpeakers(mask: number, channels: number): readonly Speaker[] | undefined {
  const named = MASK.filter((_, bit) => (mask >>> bit) & 1).slice(0, channels);
  const usual = named.length < channels || named.join(' ') === BY_COUNT[channels]?.join(' ');
  return usual ? undefined : named;
}

/**
 * What of a channel goes into the left and the right of stereo (ITU-R BS.775, table 2): left and right wholly, centre
 * and surrounds at −3 dB (a single one behind at −6 dB to each side), LFE not at all. Of the speakers that BS.775
 * lacks, those beside the centre are taken as left and right, those above as surrounds.
 */
function stereoGains(speaker: Speaker): readonly [left: number, right: number] {
  if (speaker === 'LFE' || speaker === 'none') return [0, 0];
  if (speaker === 'mono') return [1, 1];
  if (speaker === 'FC') return [Math.SQRT1_2, Math.SQRT1_2];
  const gain = /^F/.test(speaker) ? 1 : Math.SQRT1_2;
  if (speaker.includes('L')) return [gain, 0];
  if (speaker.includes('R')) return [0, gain];
  return [0.5, 0.5];
}

/**
 * What each channel counts in the mono mix: the mean of its parts in left and right. So stereo is the mean of its two
 * channels, and of 5.1 the mix is ½ L + ½ R + 0.7071 C + 0.3536 Ls + 0.3536 Rs. Where no layout of so many channels is
 * known, all count alike.
 */
export function monoGains(channels: number, speakers: readonly Speaker[] | undefined): readonly number[] {
  const layout = speakers ?? BY_COUNT[channels];
  if (channels === 1) return [1];
  if (!layout || layout.includes('any')) return Array<number>(channels).fill(1 / channels);
  return layout.map((speaker) => {
    const [left, right] = stereoGains(speaker);
    return (left + right) / 2;
  });
}
