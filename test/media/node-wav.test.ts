import nodeWav from 'node-wav';
import { describe, expect, it } from 'vitest';
import { decodeWav } from '../../src/media/wav.js';

// node-wav is the second opinion here and not the reader: it divides positive 16-bit samples by 32767 and negative ones
// by 32768, where the published model's loader divides all by 32768, and it knows no WAVE_FORMAT_EXTENSIBLE.
describe('decodeWav', () => {
  const tone = (phase: number) => Float32Array.from({ length: 999 }, (_, i) => 0.8 * Math.sin(i / 7 + phase));
  const channels = [tone(0), tone(1)];

  it('reads what node-wav writes as floats, exactly', () => {
    const bytes = nodeWav.encode(channels, { sampleRate: 22050, float: true, bitDepth: 32 });
    expect(decodeWav(bytes, 'float.wav')).toEqual({ sampleRate: 22050, channels });
  });

  it('reads what node-wav writes as 16 bits, to one step', () => {
    const bytes = nodeWav.encode(channels, { sampleRate: 22050, float: false, bitDepth: 16 });
    const ours = decodeWav(bytes, 'pcm.wav');
    nodeWav.decode(bytes).channelData.forEach((theirs, channel) => {
      theirs.forEach((value, i) =>
        expect(Math.abs(ours.channels[channel]![i]! - value)).toBeLessThan(1 / 32767),
      );
    });
  });
});
