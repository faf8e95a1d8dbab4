import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/errors.js';
import { decodeWav } from '../../src/media/wav.js';

const ascii = (text: string) => [...text].map((c) => c.charCodeAt(0));
const u16 = (v: number) => [v & 255, (v >> 8) & 255];
const u32 = (v: number) => [...u16(v & 0xffff), ...u16(v >>> 16)];
const chunk = (id: string, body: number[], size = body.length) => [
  ...ascii(id),
  ...u32(size),
  ...body,
  ...(body.length & 1 ? [0] : []),
];
const riff = (...chunks: number[][]) => {
  const body = chunks.flat();
  return Uint8Array.from([...ascii('RIFF'), ...u32(4 + body.length), ...ascii('WAVE'), ...body]);
};
interface Fmt {
  tag?: number;
  channels?: number;
  rate?: number;
  bits?: number;
  block?: number;
}
const fmt = ({ tag = 1, channels = 1, rate = 16000, bits = 16, block = (channels * bits) / 8 }: Fmt = {}) =>
  chunk('fmt ', [
    ...u16(tag),
    ...u16(channels),
    ...u32(rate),
    ...u32(rate * block),
    ...u16(block),
    ...u16(bits),
  ]);
const extensible = (
  tag: number,
  channels: number,
  bits: number,
  guidTail = '000000001000800000aa00389b71',
) => {
  const block = (channels * bits) / 8;
  const guid = [...u16(tag), ...(guidTail.match(/../g) ?? []).map((h) => parseInt(h, 16))];
  const head = [
    ...u16(0xfffe),
    ...u16(channels),
    ...u32(48000),
    ...u32(48000 * block),
    ...u16(block),
    ...u16(bits),
  ];
  return chunk('fmt ', [...head, ...u16(22), ...u16(bits), ...u32(3), ...guid]);
};
const bytesOf = (array: Int16Array | Int32Array | Float32Array | Float64Array) => [
  ...new Uint8Array(array.buffer),
];
const decode = (bytes: Uint8Array) => decodeWav(bytes, 'a.wav');
const first = (bytes: Uint8Array) => [...(decode(bytes).channels[0] ?? [])];
function messageOf(bytes: Uint8Array): string {
  try {
    decode(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    const { message } = error as InputError;
    expect(message).toMatch(/^a\.wav: [^\n]+$/);
    return message;
  }
  throw new Error('decoded without complaint');
}

describe('sample formats', () => {
  it('8 bits are offset by 128', () => {
    expect(first(riff(fmt({ bits: 8 }), chunk('data', [0, 64, 128, 192, 255])))).toEqual([
      -1,
      -0.5,
      0,
      0.5,
      127 / 128,
    ]);
  });

  it('16 bits are divided by 32768 exactly, on both sides of 0', () => {
    const values = Int16Array.of(-32768, -1, 0, 1, 16384, 32767);
    expect(first(riff(fmt(), chunk('data', bytesOf(values))))).toEqual([
      -1,
      -1 / 32768,
      0,
      1 / 32768,
      0.5,
      32767 / 32768,
    ]);
  });

  it('24 bits, negative and positive', () => {
    const data = [0, 0, 0x80, 0xff, 0xff, 0xff, 1, 0, 0, 0, 0, 0x40, 0xff, 0xff, 0x7f];
    const want = [-1, -(2 ** -23), 2 ** -23, 0.5, 1 - 2 ** -23];
    expect(first(riff(fmt({ bits: 24 }), chunk('data', data)))).toEqual(want);
  });

  it('32-bit integers', () => {
    const values = Int32Array.of(-(2 ** 31), -(2 ** 30), 0, 2 ** 29);
    expect(first(riff(fmt({ bits: 32 }), chunk('data', bytesOf(values))))).toEqual([-1, -0.5, 0, 0.25]);
  });

  it('32- and 64-bit floats, which may exceed 1', () => {
    const values = [0.1, -1.5, 0, 1e-30];
    const want = [...Float32Array.from(values)];
    const single = riff(fmt({ tag: 3, bits: 32 }), chunk('data', bytesOf(Float32Array.from(values))));
    const double = riff(fmt({ tag: 3, bits: 64 }), chunk('data', bytesOf(Float64Array.from(values))));
    expect(first(single)).toEqual(want);
    expect(first(double)).toEqual(want);
  });

  it('12 bits lie at the top of 16', () => {
    expect(first(riff(fmt({ bits: 12, block: 2 }), chunk('data', bytesOf(Int16Array.of(0x7ff0)))))).toEqual([
      0x7ff0 / 32768,
    ]);
  });

  it('the extensible header, of integers and of floats', () => {
    const integers = riff(extensible(1, 2, 16), chunk('data', bytesOf(Int16Array.of(16384, -16384))));
    expect(decode(integers)).toEqual({
      sampleRate: 48000,
      channels: [Float32Array.of(0.5), Float32Array.of(-0.5)],
    });
    expect(first(riff(extensible(3, 1, 32), chunk('data', bytesOf(Float32Array.of(0.75)))))).toEqual([0.75]);
  });

  it('separates any number of channels', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 20 }), (channels, length) => {
        const values = Int16Array.from({ length: channels * length }, (_, i) => i * 37);
        const sound = decode(riff(fmt({ channels }), chunk('data', bytesOf(values))));
        expect(sound.channels.length).toBe(channels);
        sound.channels.forEach((samples, c) =>
          expect([...samples]).toEqual(
            Array.from({ length }, (_, i) => (values[i * channels + c] as number) / 32768),
          ),
        );
      }),
      { seed: 1, numRuns: 30 },
    );
  });
});

describe('chunks', () => {
  const data = bytesOf(Int16Array.of(16384, -16384, 8192));
  const want = [0.5, -0.5, 0.25];

  it('unknown ones are skipped, of odd length too, and their order does not matter', () => {
    const list = chunk('LIST', ascii('INFOISFT\x05\x00\x00\x00Lavf\x00'));
    const odd = chunk('junk', [1, 2, 3]);
    expect(first(riff(list, odd, fmt(), odd, chunk('data', data), list))).toEqual(want);
    expect(first(riff(chunk('data', data), odd, fmt()))).toEqual(want);
  });

  it.each([0, 0xffffffff, 0x7ffff000])('a data size of %d from a streaming writer means the rest', (size) => {
    expect(first(riff(fmt(), chunk('data', data, size)))).toEqual(want);
  });

  it('a last incomplete frame is dropped', () => {
    expect(first(riff(fmt(), chunk('data', [...data, 7])))).toEqual(want);
  });

  it('the file may begin anywhere in its buffer', () => {
    const file = riff(fmt(), chunk('data', data));
    const shifted = new Uint8Array(file.length + 3);
    shifted.set(file, 3);
    expect(first(shifted.subarray(3))).toEqual(want);
  });
});

describe('what is refused', () => {
  const data = chunk('data', [1, 2, 3, 4]);

  it.each([
    ['an empty file', new Uint8Array(0), 'an empty file'],
    ['text', Uint8Array.from(ascii('hello, this is no sound at all')), 'not a WAV file'],
    [
      'another RIFF',
      Uint8Array.from([...ascii('RIFF'), ...u32(20), ...ascii('AVI '), ...data]),
      'not a WAV file',
    ],
    ['no data', riff(fmt(), chunk('data', [])), 'holds no samples'],
    [
      'empty data before a LIST',
      riff(fmt(), chunk('data', []), chunk('LIST', ascii('INFOabcd'))),
      'holds no samples',
    ],
    ['less than a frame', riff(fmt({ channels: 4 }), data), 'holds no samples'],
    ['no data chunk', riff(fmt(), chunk('LIST', [1, 2])), 'no data chunk'],
    ['no fmt chunk', riff(data), 'no fmt chunk'],
    ['no channels', riff(fmt({ channels: 0, block: 0 }), data), 'no channels'],
    ['no rate', riff(fmt({ rate: 0 }), data), 'sample rate 0 Hz'],
    ['µ-law', riff(fmt({ tag: 7, bits: 8 }), data), 'unsupported WAV codec µ-law'],
    ['ADPCM', riff(fmt({ tag: 2, bits: 4, block: 256 }), data), 'Microsoft ADPCM'],
    ['an unknown codec', riff(fmt({ tag: 0x1234 }), data), 'format 0x1234'],
    ['an unknown sub-format', riff(extensible(1, 1, 16, 'ff'.repeat(14)), data), 'unknown sub-format'],
    ['64-bit integers', riff(fmt({ bits: 64 }), data), '64-bit integer'],
    ['half floats', riff(fmt({ tag: 3, bits: 16 }), data), '16-bit float'],
    ['blocks that do not fit', riff(fmt({ channels: 2, block: 2 }), data), 'make no blocks of 2 bytes'],
    [
      'NaN',
      riff(fmt({ tag: 3, bits: 32 }), chunk('data', bytesOf(Float32Array.of(0, NaN)))),
      'sample 1 is NaN',
    ],
    [
      'infinity',
      riff(fmt({ tag: 3, bits: 32 }), chunk('data', bytesOf(Float32Array.of(-Infinity)))),
      'sample 0 is -Infinity',
    ],
  ])('%s', (_, bytes, why) => {
    expect(messageOf(bytes)).toContain(why);
  });

  it('every file that was cut short', () => {
    const file = riff(chunk('LIST', [1, 2, 3]), fmt(), chunk('data', bytesOf(new Int16Array(20).fill(5))));
    for (let length = 0; length < file.length; length++)
      expect(messageOf(file.subarray(0, length))).toMatch(/empty|not a WAV|truncated|no samples/);
  });

  it('random bytes after a good start, by InputError and nothing else', () => {
    const count = { refused: 0, decoded: 0 };
    const good = fc.constant([...fmt(), ...chunk('data', [1, 2, 3, 4])]);
    const starts = fc.oneof(fc.constant([]), good);
    fc.assert(
      fc.property(starts, fc.uint8Array({ maxLength: 120 }), (start, rest) => {
        const file = riff([...start, ...rest]);
        try {
          decode(file);
          count.decoded++;
        } catch (error) {
          count.refused++;
          expect(error).toBeInstanceOf(InputError);
        }
      }),
      { seed: 1, numRuns: 300 },
    );
    expect(Math.min(count.refused, count.decoded)).toBeGreaterThan(30);
  });
});

describe('golden recording', () => {
  it('equals the tensor in.wave bit for bit', () => {
    const golden = new URL('../../golden/tiny/', import.meta.url);
    const sound = decodeWav(readFileSync(new URL('wave.wav', golden)), 'wave.wav');
    const file = readFileSync(new URL('audio.safetensors', golden));
    const headerSize = Number(file.readBigUInt64LE(0));
    const header = JSON.parse(file.toString('utf8', 8, 8 + headerSize)) as Record<
      string,
      { data_offsets: number[] }
    >;
    const [start = 0, end = 0] = header['in.wave']?.data_offsets ?? [];
    const want = new Float32Array(
      file.buffer.slice(file.byteOffset + 8 + headerSize + start, file.byteOffset + 8 + headerSize + end),
    );
    expect(sound.sampleRate).toBe(16000);
    expect(sound.channels.length).toBe(1);
    expect(want.length).toBeGreaterThan(1000);
    expect(sound.channels[0]).toEqual(want);
  });
});
