import { Mp4OutputFormat, NullTarget, Output } from 'mediabunny';
import { expect, it } from 'vitest';
import { addSoundTrack, type SoundEncoder } from '../../src/media/sound-track.js';

it('gives the encoder no sample beyond full scale', async () => {
  const heard: number[] = [];
  const encoder: SoundEncoder = {
    codec: 'aac',
    frame: 1024,
    delay: 0,
    encode(channels) {
      heard.push(...channels[0]!);
      return Promise.resolve([]);
    },
    finish: () => Promise.resolve([]),
    config: () => ({ codec: 'mp4a.40.2', numberOfChannels: 1, sampleRate: 48_000 }),
    close: () => Promise.resolve(),
  };
  const output = new Output({ format: new Mp4OutputFormat(), target: new NullTarget() });
  const channel = Float32Array.of(0.5, -0.25, 1.5, -3e38, 3e38, 1, -1, 0);
  const track = addSoundTrack(output, { sampleRate: 48_000, channels: [channel] }, encoder);
  await track.advance(4 / 48_000, false);
  await track.advance(8 / 48_000, true);
  expect(heard).toEqual([0.5, -0.25, 1, -1, 1, 1, -1, 0]);
});
