import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, describe, expect, it } from 'vitest';
import type { ArrivingSound, Sound } from '../../src/media/sound.js';
import { decodeSoundBytes, readSound } from '../../src/node/sound.js';
import { openStandardInput } from '../../src/node/standard-input.js';

const fixture = (name: string) => new URL(`../fixtures/media/${name}`, import.meta.url).pathname;
const read = (name: string) => readFileSync(fixture(name));
const ascii = (text: string) => Buffer.from(text, 'latin1');

/** Decodes, and fails if anything is noted. */
const decode = (...parts: readonly Uint8Array[]) =>
  decodeSoundBytes(Buffer.concat(parts), 'a', { note: (line) => expect.fail(line) });
const lengths = (sound: Sound) => sound.channels.map((channel) => channel.length);

const id3v2 = Buffer.concat([ascii('ID3\x04\0\0\0\0\x01\x02'), Buffer.alloc(130, 0xff)]);
const id3v1 = Buffer.concat([ascii('TAGSweep'), Buffer.alloc(120)]);
const ape = Buffer.concat([
  ascii('APETAGEX\xd0\x07\0\0\x28\0\0\0\x01\0\0\0\0\0\0\xa0'),
  Buffer.alloc(8),
  ascii('\0\0\0\0\0\0\0\0'),
  ascii('APETAGEX\xd0\x07\0\0\x28\0\0\0\x01\0\0\0\0\0\0\x80'),
  Buffer.alloc(8),
]);
const lyrics = ascii('LYRICSBEGININD00002110000020LYRICS200');
const hasFfmpeg = (() => {
  try {
    return execFileSync('ffmpeg', ['-version']).length > 0;
  } catch {
    return false;
  }
})();

/** The first recording, and behind it the second, sample for sample. */
function expectBoth(both: Sound, first: Sound, second: Sound): void {
  expect(both.channels.length).toBe(first.channels.length);
  both.channels.forEach((channel, c) => {
    expect(channel.subarray(0, first.channels[c]!.length)).toEqual(first.channels[c]);
    expect(channel.subarray(first.channels[c]!.length)).toEqual(second.channels[c]);
  });
}

describe('files appended to each other are heard one after the other', () => {
  it.each([
    ['stereo.mp3', 'variable.mp3'],
    ['mono16k.mp3', 'mono16k.mp3'],
    ['mono.flac', 'mono.flac'],
    ['stereo.ogg', 'stereo.ogg'],
    ['stereo.opus', 'stereo.opus'],
  ])('%s and %s, to the sample', async (a, b) => {
    expectBoth(await decode(read(a), read(b)), await decode(read(a)), await decode(read(b)));
  });

  it.each([
    ['ID3v2', id3v2],
    ['two ID3v2', Buffer.concat([id3v2, id3v2])],
    ['ID3v1', id3v1],
    ['APE', ape],
    ['Lyrics3 and ID3v1', Buffer.concat([lyrics, id3v1])],
    ['ID3v1, zeros and ID3v2', Buffer.concat([id3v1, Buffer.alloc(1000), id3v2])],
  ])('MP3s with %s between, before and behind them', async (_, tag) => {
    const mp3 = read('stereo.mp3');
    const [one, behind] = [await decode(mp3), await decode(mp3, tag)];
    expect(behind).toEqual(one);
    expectBoth(await decode(id3v2, mp3, tag, mp3, tag), one, one);
    if (tag !== ape && tag !== lyrics) expect(lengths(await decode(id3v2, tag, mp3))).toEqual([11025, 11025]);
  });

  it('MP3s of other rates and channels: at the higher rate, in stereo', async () => {
    const [mono, stereo] = [read('mono16k.mp3'), read('stereo.mp3')];
    for (const parts of [
      [mono, stereo],
      [stereo, id3v1, mono],
    ]) {
      const sound = await decode(...parts);
      expect(sound.sampleRate).toBe(44_100);
      expect(lengths(sound)).toEqual([22_050, 22_050]);
    }
  });

  it('a tag within a recording is passed over', async () => {
    const mp3 = read('stereo.mp3');
    const sync = mp3.indexOf(Buffer.of(0xff, 0xfb), 2000);
    expect(await decode(mp3.subarray(0, sync), id3v2, mp3.subarray(sync))).toEqual(await decode(mp3));
  });

  it('FLACs with tags around, of other rates, and a chain of Vorbis and Opus', async () => {
    expect(
      lengths(await decode(id3v2, id3v2, read('mono.flac'), id3v1, id3v2, read('mono.flac'), id3v1)),
    ).toEqual([22_050]);
    const mixed = await decode(read('stereo24.flac'), read('mono.flac'));
    expect([mixed.sampleRate, ...lengths(mixed)]).toEqual([44_100, 4410 + 11_025, 4410 + 11_025]);
    const chain = await decode(read('mono.ogg'), read('stereo.opus'));
    expect([chain.sampleRate, ...lengths(chain)]).toEqual([48_000, 24_000, 24_000]);
  });

  it.skipIf(!hasFfmpeg)('AAC behind any number of tags, two of them, and two M4As not', async () => {
    const aac = read('stereo.aac');
    const one = await decode(aac);
    expect(await decode(id3v2, id3v2, aac, id3v1)).toEqual(one);
    expect(lengths(await decode(aac, id3v2, aac))).toEqual([24_576, 24_576]);
    const m4a = read('stereo.m4a');
    await expect(decode(m4a, m4a)).rejects.toThrow('a: several recordings in one M4A, expected one');
  });
});

/** The flag of the last page taken away, its checksum put right, bit by bit. */
function withoutLastFlag(file: Buffer): Buffer {
  const page = Buffer.from(file.subarray(file.lastIndexOf('OggS')));
  page.writeUInt8(page.readUInt8(5) & ~4, 5);
  page.writeUInt32LE(0, 22);
  let crc = 0;
  for (const byte of page) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc < 0 ? 0x04c11db7 : 0);
  }
  page.writeInt32LE(crc | 0, 22);
  return Buffer.concat([file.subarray(0, file.length - page.length), page]);
}

describe('what may be missing is told', () => {
  const notes: string[] = [];
  const note = (line: string) => notes.push(line);

  it('of an OGG without its last page', async () => {
    notes.length = 0;
    const file = read('stereo.ogg');
    await decodeSoundBytes(withoutLastFlag(file), 'a', { note });
    expect(notes).toEqual(['a: the recording ends without its last page: it may have been cut short']);
  });

  it('of an MP3 with something else behind its tags; sound behind damage is an error', async () => {
    notes.length = 0;
    const mp3 = read('stereo.mp3');
    await decodeSoundBytes(Buffer.concat([mp3, id3v1, ascii('hello there')]), 'a', { note });
    expect(notes).toEqual(['a: the last 11 bytes, behind tags, are no sound and are left out']);
    const behind = decodeSoundBytes(Buffer.concat([mp3, id3v1, ascii('hello'), mp3]), 'a', { note });
    await expect(behind).rejects.toThrow(/^a: corrupt MP3 \(frame \d+, at byte \d+, is damaged\)$/);
  });

  it('of a second MP3 that is cut, and of one with fewer frames than it counts', async () => {
    const mp3 = read('stereo.mp3');
    await expect(decode(mp3, id3v1, mp3.subarray(0, 3000))).rejects.toThrow(
      /truncated MP3: frame \d+ is inc/,
    );
    const sync = mp3.indexOf(Buffer.of(0xff, 0xfb), 2000);
    await expect(decode(mp3, mp3.subarray(0, sync))).rejects.toThrow(/truncated MP3: \d+ frames announced/);
  });
});

describe('sound that can be read only once', () => {
  const directory = mkdtempSync(join(tmpdir(), 'float-once-'));
  afterAll(() => rmSync(directory, { recursive: true }));

  const names = [
    'stereo.mp3',
    'mono.flac',
    'stereo.ogg',
    'stereo.opus',
    ...(hasFfmpeg ? ['stereo.m4a', 'stereo.aac'] : []),
  ];

  it.skipIf(process.platform === 'win32').each(names)('%s from a named pipe', async (name) => {
    const pipe = join(directory, `${name}.pipe`);
    execFileSync('mkfifo', [pipe]);
    const reading = readSound(pipe);
    writeFileSync(pipe, read(name));
    expect(await reading).toEqual(await readSound(fixture(name)));
    expect(readdirSync(tmpdir()).filter((entry) => entry.startsWith('float-m4a-'))).toEqual([]);
  });

  const open = (bytes: Uint8Array, piece: number, more: object = {}) => {
    const pieces = function* () {
      for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece);
    };
    const { signal } = new AbortController();
    const options = { pcmOnly: false, rate: 16_000, format: 's16le', signal, note: () => undefined } as const;
    return openStandardInput(Readable.from(pieces()), { ...options, ...more });
  };

  it.each([...names, '../../../golden/tiny/wave.wav'])(
    '%s from standard input, in pieces of any size',
    async (name) => {
      expect(await open(read(name), 1001)).toEqual(await readSound(fixture(name)));
    },
  );

  it('raw PCM is heard as such, also where it begins like a frame of MP3', async () => {
    const pcm = Buffer.concat([
      Buffer.of(0xff, 0xfb, 0x90, 0),
      Buffer.from(Int16Array.from({ length: 9999 }, (_, i) => i).buffer),
    ]);
    for (const bytes of [pcm, pcm.subarray(0, 8), pcm.subarray(4)]) {
      const sound = (await open(bytes, 999)) as ArrivingSound;
      const samples: number[] = [];
      for await (const piece of sound.pieces) samples.push(...piece);
      const expected = Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readInt16LE(2 * i) / 2 ** 15);
      expect(samples).toEqual(expected);
    }
  });

  it('what is neither is refused by name, and any file where PCM was promised', async () => {
    const expectRefusal = (bytes: Uint8Array, message: string, more?: object) =>
      expect(open(bytes, 500, more)).rejects.toThrow(message);
    await expectRefusal(
      ascii('\x1a\x45\xdf\xa3 and so on'),
      'standard input: a WebM or Matroska file, expected raw PCM, WAV',
    );
    await expectRefusal(ascii('FORM\0\0\0\0AIFFCOMM'), 'standard input: an AIFF, expected');
    await expectRefusal(ascii('<!DOCTYPE html>'), 'standard input: an HTML page, expected');
    await expectRefusal(read('stereo.mp3'), 'expected raw PCM (s16le), found an MP3 file', { pcmOnly: true });
  });
});
