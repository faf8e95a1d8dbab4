import { describe, expect, it } from 'vitest';
import { decodeWav } from '../../src/media/wav.js';

const ascii = (text: string) => [...text].map((letter) => letter.charCodeAt(0));
const u16 = (value: number) => [value & 255, value >> 8];
const u32 = (value: number) => [0, 8, 16, 24].map((shift) => (value >>> shift) & 255);
const u64 = (value: number) => [...u32(value % 2 ** 32), ...u32(Math.floor(value / 2 ** 32))];
const shorts = (values: readonly number[]) => values.flatMap((value) => u16(value & 0xffff));

/** PCM, 16 bits. */
const format = (channels = 1, rate = 8000) => [
  ...u16(1),
  ...u16(channels),
  ...u32(rate),
  ...u32(rate * 2 * channels),
  ...u16(2 * channels),
  ...u16(16),
];
const chunk = (id: string, body: readonly number[], size = body.length) => [
  ...ascii(id),
  ...u32(size),
  ...body,
  ...(body.length & 1 ? [0] : []),
];
const form = (id: string, ...chunks: readonly (readonly number[])[]) => {
  const body = [...ascii('WAVE'), ...chunks.flat()];
  return [...ascii(id), ...u32(id === 'RIFF' ? body.length : 0xffffffff), ...body];
};
const ds64 = (dataSize: number, table: readonly (readonly [string, number])[] = []) =>
  chunk('ds64', [
    ...u64(0),
    ...u64(dataSize),
    ...u64(0),
    ...u32(table.length),
    ...table.flatMap(([id, size]) => [...ascii(id), ...u64(size)]),
  ]);

/** The samples, and what was noted. */
function decode(bytes: readonly number[]): { samples: number[][]; notes: string[] } {
  const notes: string[] = [];
  const sound = decodeWav(Uint8Array.from(bytes), 'a.wav', (line) => notes.push(line));
  const samples = sound.channels.map((channel) => [...channel].map((value) => value * 2 ** 15));
  return { samples, notes };
}
const fmt = chunk('fmt ', format());
const sound = [100, -200, 300, -400];
const trailer = chunk('LIST', ascii('INFOISFTabcdefgh'));

describe('sizes of 64 bits', () => {
  it.each(['RF64', 'BW64', 'RIFF'])('%s: the chunk ds64 says where the samples end', (id) => {
    const file = form(id, ds64(8), fmt, chunk('data', shorts(sound), 0xffffffff), trailer);
    expect(decode(file)).toEqual({ samples: [sound], notes: [] });
  });

  it('of other chunks stand in its table', () => {
    const big = chunk('junk', shorts([7, 7, 7]), 0xffffffff);
    const file = form(
      'RF64',
      ds64(8, [['junk', 6]]),
      fmt,
      big,
      chunk('data', shorts(sound), 0xffffffff),
      trailer,
    );
    expect(decode(file).samples).toEqual([sound]);
  });

  it('that say more than there is: truncated; 0 and all ones: to the end', () => {
    const file = (size: number) => form('RF64', ds64(size), fmt, chunk('data', shorts(sound), 0xffffffff));
    expect(() => decode(file(10))).toThrow(
      /^a.wav: truncated WAV: 10 bytes of samples announced, 8 present$/,
    );
    expect(() => decode(file(2 ** 33))).toThrow(/truncated WAV: 8589934592 bytes/);
    expect(decode(file(0)).samples).toEqual([sound]);
    expect(decode(form('RF64', fmt, chunk('data', shorts(sound), 0xffffffff))).samples).toEqual([sound]);
    expect(() => decode(form('RF64', chunk('ds64', [1, 2, 3, 4]), fmt))).toThrow(
      /the ds64 chunk is incomplete/,
    );
  });

  it('Wave64', () => {
    const guid = (id: string) => [
      ...ascii(id),
      ...[0xf3, 0xac, 0xd3, 0x11, 0x8c, 0xd1, 0, 0xc0, 0x4f, 0x8e, 0xdb, 0x8a],
    ];
    const riff = [...ascii('riff'), ...[0x2e, 0x91, 0xcf, 0x11, 0xa5, 0xd6, 0x28, 0xdb, 4, 0xc1, 0, 0]];
    const long = (id: string, body: readonly number[], size = body.length + 24) => [
      ...guid(id),
      ...u64(size),
      ...body,
      ...Array<number>((8 - (body.length % 8)) % 8).fill(0),
    ];
    const file = (size?: number, ...rest: readonly (readonly number[])[]) => [
      ...[...riff, ...u64(0), ...guid('wave'), ...long('fmt ', format()), ...long('junk', [1, 2, 3])],
      ...[...long('data', shorts(sound), size), ...rest.flat()],
    ];
    expect(decode(file(undefined, long('summ', [9, 9, 9, 9])))).toEqual({ samples: [sound], notes: [] });
    expect(decode(file(2 ** 63)).samples).toEqual([sound]);
    expect(() => decode(file(24 + 16))).toThrow(/truncated WAV: 16 bytes of samples announced, 8 present/);
  });
});

describe('sizes that the writer did not know', () => {
  it.each([0, 0xffffffff, 0xffffffdb, 0x7fffffff, 0x7ffff000, 0x80000000])('%d: to the end', (size) => {
    expect(decode(form('RIFF', fmt, chunk('data', shorts(sound), size))).samples).toEqual([sound]);
  });

  it('a true size that is not there is no such size', () => {
    for (const size of [10, 1e6, 3e9])
      expect(() => decode(form('RIFF', fmt, chunk('data', shorts(sound), size)))).toThrow(/truncated WAV/);
  });

  it('0 before other chunks, or at the end, is no sound', () => {
    expect(() => decode(form('RIFF', fmt, chunk('data', []), trailer))).toThrow('holds no samples');
    expect(() => decode(form('RIFF', fmt, chunk('data', [])))).toThrow('holds no samples');
  });

  it('end where another file was appended', () => {
    const streamed = form('RIFF', fmt, chunk('data', shorts(sound), 0xffffffff));
    expect(decode([...streamed, ...streamed]).samples).toEqual([[...sound, ...sound]]);
  });
});

describe('all samples are heard', () => {
  it('of several data chunks, and of a list with silence', () => {
    const data = chunk('data', shorts(sound));
    expect(decode(form('RIFF', fmt, data, trailer, data)).samples).toEqual([[...sound, ...sound]]);
    const list = chunk('LIST', [...ascii('wavl'), ...data, ...chunk('slnt', u32(3)), ...data]);
    expect(decode(form('RIFF', fmt, list)).samples).toEqual([[...sound, 0, 0, 0, ...sound]]);
  });

  it('of a file appended to another, in stereo and at the higher rate', () => {
    const mono = form('RIFF', fmt, chunk('data', shorts(Array<number>(400).fill(1000))));
    const stereo = form(
      'RIFF',
      chunk('fmt ', format(2, 16000)),
      chunk('data', shorts(Array<number>(800).fill(2000))),
    );
    const { samples } = decode([...mono, ...stereo]);
    expect(samples.map((channel) => channel.length)).toEqual([1200, 1200]);
    expect([samples[0]![400], samples[1]![400], samples[0]![1000]]).toEqual([1000, 1000, 2000]);
  });

  it('whether chunks of odd lengths are padded or not', () => {
    const bytes = chunk('fmt ', [...format().slice(0, 12), ...u16(1), ...u16(8)]);
    const odd = [128, 192, 64];
    for (const size of ['padded', 'not']) {
      const data = chunk('data', odd).slice(0, size === 'padded' ? undefined : -1);
      const { samples, notes } = decode(form('RIFF', bytes, data, trailer, chunk('data', odd)));
      expect(samples).toEqual([[0, 16384, -16384, 0, 16384, -16384]]);
      expect(notes).toEqual([]);
    }
  });
});

describe('what is left out is told', () => {
  it('bytes behind the samples, and half a sample', () => {
    const data = chunk('data', shorts(sound));
    expect(decode([...form('RIFF', fmt, data), ...shorts([1, 2, 3, 4, 5, 6])]).notes).toEqual([
      'a.wav: the last 12 bytes are no whole chunk of a WAV and are left out',
    ]);
    expect(decode([...form('RIFF', fmt, data), 0, 0, 0, 0, 0, 0, 0, 0, 0]).notes).toEqual([]);
    const half = decode(form('RIFF', chunk('fmt ', format(2)), chunk('data', shorts([1, 2, 3]))));
    expect(half).toEqual({
      samples: [[1], [2]],
      notes: ['a.wav: cut within a sample: 2 of its 4 bytes are there and are left out'],
    });
  });

  it('more silence than fits into memory is refused', () => {
    const list = chunk('LIST', [...ascii('wavl'), ...chunk('slnt', u32(0xfffffff0))]);
    expect(() => decode(form('RIFF', fmt, list))).toThrow('more silence than fits into memory');
  });
});
