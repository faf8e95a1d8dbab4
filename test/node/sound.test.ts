import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/errors.js';
import type { Sound } from '../../src/media/sound.js';
import { readSound } from '../../src/node/sound.js';

const directory = mkdtempSync(join(tmpdir(), 'float-sound-'));
afterAll(() => rmSync(directory, { recursive: true }));

const fixture = (name: string) => new URL(`../fixtures/media/${name}`, import.meta.url).pathname;
const read = (name: string) => readFileSync(fixture(name));

/** The sweeps of tools/make_media_fixtures.sh, left and right, at time t in seconds. */
const sweeps = [
  (t: number) => 0.5 * Math.sin(2 * Math.PI * (300 * t + 2000 * t * t)),
  (t: number) => 0.25 * Math.sin(2 * Math.PI * (1500 * t - 1000 * t * t)),
];

/** Signal to noise of one channel, moved by `lag` samples, over the first 0.24 s at most, in dB. */
function snr(channel: Float32Array, rate: number, c: number, lag = 0): number {
  let [signal, noise] = [0, 0];
  const count = Math.min(channel.length - lag, Math.round(0.24 * rate));
  for (let i = 0; i < count; i++) {
    const value = (sweeps[c] as (t: number) => number)(i / rate);
    signal += value ** 2;
    noise += ((channel[i + lag] ?? 0) - value) ** 2;
  }
  return 10 * Math.log10(signal / noise);
}

function expectSweeps(sound: Sound, least: number, lag = 0): void {
  sound.channels.forEach((channel, c) => {
    const at = (shift: number) => snr(channel, sound.sampleRate, c, shift);
    expect(at(lag), `channel ${c}`).toBeGreaterThan(least);
    for (const shift of [-2, -1, 1, 2])
      expect(at(lag), `a shift of ${shift}`).toBeGreaterThan(at(lag + shift));
  });
}

const hasFfmpeg = (() => {
  try {
    return execFileSync('ffmpeg', ['-version']).length > 0;
  } catch {
    return false;
  }
})();

interface Case {
  name: string;
  rate: number;
  /** Samples of each channel. */
  length: number;
  channels: number;
  /** dB. What is lost is the codec's doing: ffmpeg's own decoders give the same figures. */
  least: number;
}

describe('every format gives the sound it was made from', () => {
  it.each<Case>([
    { name: 'stereo.mp3', rate: 44100, length: 11025, channels: 2, least: 25 },
    { name: 'variable.mp3', rate: 44100, length: 11025, channels: 2, least: 25 },
    { name: 'mono16k.mp3', rate: 16000, length: 4000, channels: 1, least: 25 },
    { name: 'mono.flac', rate: 44100, length: 11025, channels: 1, least: 80 },
    { name: 'stereo24.flac', rate: 16000, length: 1600, channels: 2, least: 120 },
    { name: 'mono.ogg', rate: 44100, length: 11025, channels: 1, least: 25 },
    { name: 'stereo.ogg', rate: 44100, length: 11025, channels: 2, least: 25 },
    { name: 'mono.opus', rate: 48000, length: 12000, channels: 1, least: 25 },
    { name: 'stereo.opus', rate: 48000, length: 12000, channels: 2, least: 25 },
  ])(
    '$name: $length samples, in place, at least $least dB',
    async ({ name, rate, length, channels, least }) => {
      const sound = await readSound(fixture(name));
      expect(sound.sampleRate).toBe(rate);
      expect(sound.channels.map((channel) => channel.length)).toEqual(Array(channels).fill(length));
      expectSweeps(sound, least);
    },
  );

  it('an MP3 without a header that tells the delay: 1105 samples late', async () => {
    const sound = await readSound(fixture('bare.mp3'));
    expect(sound.channels.map((channel) => channel.length)).toEqual([11 * 1152]);
    expectSweeps(sound, 25, 1105);
  });

  it.skipIf(!hasFfmpeg)('M4A in place, up to 1023 samples longer; bare AAC 1024 samples late', async () => {
    const m4a = await readSound(fixture('stereo.m4a'));
    expect(m4a.channels.map((channel) => channel.length)).toEqual([11264, 11264]);
    expectSweeps(m4a, 20);
    const aac = await readSound(fixture('stereo.aac'));
    expect(aac.channels.map((channel) => channel.length)).toEqual([12288, 12288]);
    expectSweeps(aac, 20, 1024);
  });

  it('FLAC to the very integers', async () => {
    for (const [name, bits] of [
      ['mono.flac', 16],
      ['stereo24.flac', 24],
    ] as const) {
      const { sampleRate, channels } = await readSound(fixture(name));
      expect(channels.map(({ length }) => length)).toEqual(bits === 16 ? [11025] : [1600, 1600]);
      channels.forEach((channel, c) => {
        const integers = channel.map((value) => value * 2 ** (bits - 1));
        expect(integers.every(Number.isInteger)).toBe(true);
        const exact = (i: number) => (sweeps[c] as (t: number) => number)(i / sampleRate) * 2 ** (bits - 1);
        const worst = integers.reduce((most, value, i) => Math.max(most, Math.abs(value - exact(i))), 0);
        expect(worst).toBeLessThanOrEqual(1);
      });
    }
  });

  it('a WAV', async () => {
    const sound = await readSound(new URL('../../golden/tiny/wave.wav', import.meta.url).pathname);
    expect([sound.sampleRate, sound.channels.map(({ length }) => length)]).toEqual([16000, [14880]]);
  });

  it('whatever the file is called, behind an ID3 tag', async () => {
    const path = join(directory, 'sound.wav');
    const tag = Buffer.concat([Buffer.from('ID3\x04\0\0\0\0\x01\x02'), Buffer.alloc(130, 0xff)]);
    for (const name of ['mono16k.mp3', 'stereo24.flac']) {
      writeFileSync(path, Buffer.concat([tag, read(name)]));
      expect(await readSound(path)).toEqual(await readSound(fixture(name)));
    }
  });

  it('an MP3 and a FLAC with an ID3v1 tag at the end', async () => {
    const path = join(directory, 'tagged');
    const tag = Buffer.concat([Buffer.from('TAGSweep'), Buffer.alloc(120)]);
    for (const name of ['bare.mp3', 'stereo24.flac']) {
      writeFileSync(path, Buffer.concat([read(name), tag]));
      expect(await readSound(path)).toEqual(await readSound(fixture(name)));
    }
  });

  it('several at a time', async () => {
    const names = ['stereo.mp3', 'mono.flac', 'stereo.opus', 'mono.ogg', 'mono.mp3'].map(fixture);
    const results = await Promise.allSettled(names.map((name) => readSound(name)));
    const expected = [...Array<string>(4).fill('fulfilled'), 'rejected'];
    expect(results.map(({ status }) => status)).toEqual(expected);
  });
});

const path = join(directory, 'a.mp3');
/** The complaint about a file of these bytes, checked to be one line that names it. */
async function complaint(bytes: Uint8Array): Promise<string> {
  writeFileSync(path, bytes);
  const error: unknown = await readSound(path).then(
    () => new Error('decoded without complaint'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(InputError);
  const { message } = error as InputError;
  expect(message.startsWith(`${path}: `), message).toBe(true);
  expect(message).not.toContain('\n');
  return message.slice(path.length + 2);
}

describe('what is refused', () => {
  it.each(['stereo.mp3', 'mono16k.mp3', 'mono.flac', 'stereo24.flac', 'stereo.ogg', 'mono.opus'])(
    '%s cut short anywhere',
    async (name) => {
      const file = read(name);
      for (let length = 0; length < file.length; length += length < 12 ? 1 : 131) {
        // Pages of OGG that are whole make a shorter recording.
        const whole = name.endsWith('.ogg') || name.endsWith('.opus') ? isPageEnd(file, length) : false;
        if (!whole)
          expect(await complaint(file.subarray(0, length))).toMatch(
            /empty file|truncated|no samples|corrupt FLAC/,
          );
      }
    },
  );

  it.each([
    ['mono.flac', 'corrupt FLAC'],
    ['stereo24.flac', 'corrupt FLAC'],
    ['stereo.ogg', 'corrupt OGG'],
    ['mono.opus', 'corrupt OGG'],
  ])('%s with any byte of its sound changed', async (name, says) => {
    for (const part of [0.7, 0.8, 0.9, 0.99]) {
      const bytes = Uint8Array.from(read(name));
      const at = Math.floor(bytes.length * part);
      bytes[at] = (bytes[at] as number) ^ 0x10;
      expect(await complaint(bytes)).toContain(says);
    }
  });

  it('an MP3 with frames missing, or something else between its frames', async () => {
    const file = read('stereo.mp3');
    const sync = file.indexOf(Buffer.of(0xff, 0xfb), 1500);
    const next = file.indexOf(Buffer.of(0xff, 0xfb), sync + 700);
    const without = Buffer.concat([file.subarray(0, sync), file.subarray(next)]);
    expect(await complaint(without)).toMatch(/truncated MP3: \d+ frames announced, \d+ present/);
    const junk = Buffer.concat([file.subarray(0, sync), Buffer.alloc(50, 7), file.subarray(sync)]);
    expect(await complaint(junk)).toContain(`at byte ${sync}, is damaged`);
  });

  it('an OGG with a page missing, or another codec', async () => {
    const file = read('stereo.ogg');
    const pages = pageStarts(file);
    const [second, third] = [pages[1] as number, pages[2] as number];
    expect(await complaint(Buffer.concat([file.subarray(0, second), file.subarray(third)]))).toBe(
      'corrupt OGG (page 1 is missing)',
    );
    const video = Uint8Array.from(file.subarray(0, second));
    expect(await complaint(video)).toMatch(/corrupt Vorbis|no samples/);
  });

  it('other kinds of file, by name', async () => {
    expect(await complaint(Buffer.from('hello'))).toBe('not a WAV, MP3, FLAC, OGG or M4A file');
    expect(await complaint(Buffer.of(0x1a, 0x45, 0xdf, 0xa3, 1, 2))).toMatch(
      /^a WebM or Matroska file, not a WAV/,
    );
    expect(await complaint(read('picture.png'))).toBe('a PNG, not a WAV, MP3, FLAC, OGG or M4A file');
    expect(
      await complaint(Buffer.concat([Buffer.from('ID3\x03\0\0\0\0\0\0'), Buffer.alloc(999, 1)])),
    ).toContain('corrupt MP3');
  });

  it.skipIf(!hasFfmpeg)('M4A and AAC cut short or damaged, and an MP4 without sound', async () => {
    expect(await complaint(read('stereo.m4a').subarray(0, 3001))).toMatch(
      /^truncated M4A: \d+ bytes of mdat announced, \d+ present$/,
    );
    expect(await complaint(read('stereo.aac').subarray(0, 3001))).toMatch(/^truncated AAC: frame \d+ is inc/);
    const damaged = Uint8Array.from(read('stereo.m4a')).fill(0x55, 2000, 2100);
    expect(await complaint(damaged)).toContain('corrupt M4A');
    expect(await complaint(read('silent.mp4'))).toBe('an M4A file without a sound track');
  });

  it('M4A where there is no ffmpeg', async () => {
    const search = process.env['PATH'];
    process.env['PATH'] = directory;
    try {
      expect(await complaint(read('stereo.m4a'))).toBe(
        'an M4A file, which needs ffmpeg on the PATH; or convert it to WAV',
      );
    } finally {
      process.env['PATH'] = search;
    }
  });

  it('missing files and directories', async () => {
    const missing = join(directory, 'missing.mp3');
    await expect(readSound(missing)).rejects.toThrow(`${missing}: cannot read: no such file`);
    await expect(readSound(directory)).rejects.toThrow(`${directory}: cannot read: it is a directory`);
  });

  it('or decodes to finite samples, whatever bytes are changed', async () => {
    const files = ['stereo.mp3', 'bare.mp3', 'mono.flac', 'stereo24.flac', 'stereo.ogg', 'mono.opus'].map(
      read,
    );
    const changes = fc.array(
      // Without a bias to the ends: most would be of the first bytes, which no file survives.
      fc.tuple(fc.noBias(fc.nat()), fc.integer({ min: 0, max: 255 })),
      {
        minLength: 1,
        maxLength: 4,
      },
    );
    const count = { refused: 0, decoded: 0 };
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...files), changes, fc.boolean(), async (file, edits, repaired) => {
        const bytes = Uint8Array.from(file);
        for (const [where, value] of edits) bytes[where % bytes.length] = value;
        // With their checksums put right, damaged pages reach the decoders.
        if (repaired) repairPages(bytes);
        writeFileSync(path, bytes);
        const result = await readSound(path).catch((error: unknown) => error);
        count[result instanceof Error ? 'refused' : 'decoded']++;
        if (result instanceof Error) {
          expect(result).toBeInstanceOf(InputError);
          return;
        }
        const { channels } = result as Sound;
        expect(channels.length).toBeGreaterThan(0);
        for (const channel of channels) {
          expect(channel.length).toBeGreaterThan(0);
          expect(channel.every(Number.isFinite)).toBe(true);
        }
      }),
      { seed: 1, numRuns: 300 },
    );
    expect(Math.min(count.refused, count.decoded)).toBeGreaterThan(30);
  });
});

function pageStarts(file: Buffer): number[] {
  const starts = [];
  for (let at = file.indexOf('OggS'); at >= 0; at = file.indexOf('OggS', at + 1)) starts.push(at);
  return starts;
}

/** Whether a whole page, with sound, ends there. */
function isPageEnd(file: Buffer, length: number): boolean {
  return pageStarts(file).includes(length);
}

/** Writes the checksum of each page anew, computed bit by bit. */
function repairPages(bytes: Uint8Array): void {
  const file = Buffer.from(bytes.buffer);
  const starts = pageStarts(file);
  starts.forEach((start, i) => {
    const page = file.subarray(start, starts[i + 1]);
    if (page.length < 27) return;
    page.writeUInt32LE(0, 22);
    let crc = 0;
    for (const byte of page) {
      crc ^= byte << 24;
      for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc < 0 ? 0x04c11db7 : 0);
    }
    page.writeInt32LE(crc | 0, 22);
  });
}
