import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { readSound } from '../../src/browser/sound.js';
import { NoVideoEncoderError } from '../../src/browser/errors.js';
import { createBrowserVideo } from '../../src/browser/video.js';
import { InputError } from '../../src/base/errors.js';
import { readWav } from '../../src/node/wav.js';

// What needs a browser's decoders and encoders is tested in Chromium: test/web. Node has none.
const media = new URL('../fixtures/media/', import.meta.url);
const wav = new URL('../../golden/demo/wave.wav', import.meta.url);

describe('sound in browsers', () => {
  it('is read by our own reader from a WAV', async () => {
    expect(await readSound(new Blob([await readFile(wav)]), 'speech.wav')).toEqual(
      await readWav(wav.pathname),
    );
  });

  it.each(['stereo.mp3', 'mono.flac', 'stereo.ogg', 'mono.opus', 'stereo.m4a'])(
    'of %s is refused where the browser has no decoder, in one line',
    async (name) => {
      const reading = readSound(new Blob([await readFile(new URL(name, media))]), name);
      await expect(reading).rejects.toThrow(InputError);
      await expect(reading).rejects.toThrow(/^[^\n]*: this browser does not decode [^\n]*$/);
    },
  );

  it.each([
    ['nothing', '', /an empty file/],
    ['text', 'This is a letter and no sound at all.', /not a WAV, MP3, FLAC, OGG or M4A file/],
    ['the head of an M4A', '\0\0\0\x20ftypM4A \0\0\0\0', /holds no sound, or is cut short|corrupt M4A/],
    ['the head of a WAV', 'RIFF\0\0\0\0WAVE', /truncated WAV/],
  ])('refuses %s', async (_, content, message) => {
    const reading = readSound(new Blob([content]), 'it');
    await expect(reading).rejects.toThrow(InputError);
    await expect(reading).rejects.toThrow(message);
  });

  it('refuses files that are cut', async () => {
    for (const name of ['stereo.mp3', 'mono.flac', 'stereo.ogg']) {
      const bytes = await readFile(new URL(name, media));
      const reading = readSound(new Blob([bytes.subarray(0, Math.floor(bytes.length * 0.9))]), name);
      await expect(reading).rejects.toThrow(/truncated/);
    }
  });
});

describe('video in browsers', () => {
  it('says at once where it cannot be encoded', async () => {
    const video = createBrowserVideo({ width: 64, height: 64, fps: 25 });
    await expect(video).rejects.toThrow(NoVideoEncoderError);
    await expect(video).rejects.toThrow(/^this browser cannot encode video[^\n]*$/);
  });

  it('refuses a size that H.264 does not have', async () => {
    const video = createBrowserVideo({ width: 20_000, height: 64, fps: 25 });
    await expect(video).rejects.toThrow(/^H\.264 has no 20000x64 at 25 frames a second$/);
  });
});
