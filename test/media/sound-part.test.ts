import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { soundFormat } from '../../src/media/file-kind.js';
import { soundParts } from '../../src/media/sound-part.js';
import { readSound } from '../../src/node/sound.js';

const media = new URL('../fixtures/media/', import.meta.url);
async function partOf(name: string) {
  const bytes = await readFile(new URL(name, media));
  const format = soundFormat(bytes, name) as 'MP3' | 'FLAC' | 'OGG' | 'AAC';
  const [part, ...others] = soundParts(bytes, format, name, (line) => expect.fail(line));
  expect(others).toEqual([]);
  return part?.played;
}

describe('the part of the decoded samples that is the recording', () => {
  // LAME puts 576 samples before the recording, and decoders are late by 529 more.
  it.each([
    ['stereo.mp3', 1105],
    ['variable.mp3', 1105],
    ['mono16k.mp3', 1105],
    ['mono.flac', 0],
    ['stereo24.flac', 0],
    ['stereo.ogg', 0],
    ['mono.ogg', 0],
    ['stereo.opus', 0],
    ['mono.opus', 0],
  ])('of %s is what other decoders give', async (name, start) => {
    const { channels } = await readSound(new URL(name, media).pathname);
    expect(await partOf(name)).toEqual({ start, length: channels[0]?.length });
  });

  it('is not known of an MP3 without a header, nor of AAC', async () => {
    expect(await partOf('bare.mp3')).toBeUndefined();
    expect(await partOf('stereo.aac')).toBeUndefined();
  });
});
