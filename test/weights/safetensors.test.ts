import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/errors.js';
import { openSafetensors, writeSafetensors, type TensorData } from '../../src/weights/safetensors.js';
import { blobSource, elementCount, memorySource, type ByteSource } from '../../src/weights/source.js';
import { goldenBytes, rejection } from './golden.js';

/** A file with this header and these data bytes. */
function file(header: unknown, data: Uint8Array | number = 0): ByteSource {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = typeof data === 'number' ? new Uint8Array(data) : data;
  const all = new Uint8Array(8 + json.length + bytes.length);
  new DataView(all.buffer).setBigUint64(0, BigInt(json.length), true);
  all.set(json, 8);
  all.set(bytes, 8 + json.length);
  return memorySource('x.safetensors', all);
}

const f32 = (shape: number[], begin: number, end: number) => ({
  dtype: 'F32',
  shape,
  data_offsets: [begin, end],
});

describe('openSafetensors', () => {
  it('reads a file PyTorch wrote', async () => {
    const golden = await openSafetensors(goldenBytes('tiny/encode.safetensors'));
    expect(golden.tensors.get('s_r')).toMatchObject({ dtype: 'F32', shape: [1, 20] });
    for (const [name, { shape }] of golden.tensors) {
      expect((await golden.read(name)).length).toBe(elementCount(shape));
    }
  });

  it('reads the header and then only the tensor asked for', async () => {
    const bytes = goldenBytes('tiny/weights.safetensors');
    const reads: number[] = [];
    const counted: ByteSource = {
      name: bytes.name,
      size: bytes.size,
      read: (offset, length) => {
        reads.push(length);
        return bytes.read(offset, length);
      },
    };
    const source = await openSafetensors(counted);
    await source.read('fmt.pos_embed');
    expect(reads).toEqual([1024, 9, 35368, 13 * 36 * 4]);
  });

  it('reads F32 that is not aligned', async () => {
    for (const pad of ['', ' ', '  ', '   ']) {
      const data = new Uint8Array(new Float32Array([1.5, -2.25]).buffer);
      const source = await openSafetensors(file(`${pad}{"a":${JSON.stringify(f32([2], 0, 8))}}`, data));
      expect([...(await source.read('a'))]).toEqual([1.5, -2.25]);
    }
  });

  it('converts every half exactly', async () => {
    const halves = new Uint16Array(65536).map((_, i) => i);
    const header = { a: { dtype: 'F16', shape: [256, 256], data_offsets: [0, 131072] } };
    const values = await (await openSafetensors(file(header, new Uint8Array(halves.buffer)))).read('a');
    for (let h = 0; h < 65536; h++) {
      const [sign, exponent, fraction] = [h >> 15 ? -1 : 1, (h >> 10) & 31, h & 1023];
      const magnitude =
        exponent === 31
          ? fraction
            ? NaN
            : Infinity
          : exponent
            ? (1 + fraction / 1024) * 2 ** (exponent - 15)
            : fraction * 2 ** -24;
      if (!Object.is(values[h], sign * magnitude)) expect.fail(`half ${h}: ${values[h]}`);
    }
    expect(values[0x3c00]).toBe(1);
    expect(values[0x8001]).toBe(-(2 ** -24));
  });

  it('converts BF16 exactly', async () => {
    const data = new Uint8Array([0x80, 0x3f, 0x49, 0xc0, 0x01, 0x00, 0x80, 0xff]);
    const header = { a: { dtype: 'BF16', shape: [4], data_offsets: [0, 8] } };
    const values = await (await openSafetensors(file(header, data))).read('a');
    expect([...values]).toEqual([1, -3.140625, 2 ** -133, -Infinity]);
  });

  it('converts I32, and refuses what float32 cannot hold', async () => {
    const open = (values: number[]) => {
      const header = { a: { dtype: 'I32', shape: [2], data_offsets: [0, 8] } };
      return openSafetensors(file(header, new Uint8Array(new Int32Array(values).buffer)));
    };
    expect([...(await (await open([-7, 2 ** 24])).read('a'))]).toEqual([-7, 2 ** 24]);
    expect(await rejection((await open([0, 2 ** 24 + 1])).read('a'), InputError)).toBe(
      'x.safetensors: tensor "a": element 1 is 16777217, expected an integer that float32 holds exactly',
    );
  });

  it('keeps metadata, scalars and empty tensors', async () => {
    const header = { __metadata__: { format: 'pt' }, s: f32([], 0, 4), e: f32([0, 3], 4, 4) };
    const source = await openSafetensors(file(header, new Uint8Array(new Float32Array([3]).buffer)));
    expect([...source.metadata]).toEqual([['format', 'pt']]);
    expect([...(await source.read('s'))]).toEqual([3]);
    expect((await source.read('e')).length).toBe(0);
  });

  it('reads a blob', async () => {
    const written = writeSafetensors({ a: { shape: [2], data: new Float32Array([4, 5]) } });
    const source = await openSafetensors(blobSource('b', new Blob([written])));
    expect([...(await source.read('a'))]).toEqual([4, 5]);
  });

  const faults: [string, ByteSource, string][] = [
    ['a short file', memorySource('x.safetensors', new Uint8Array(7)), 'of more than 8 bytes, got 7'],
    [
      'a header longer than the file',
      memorySource('x.safetensors', new Uint8Array([9, 0, 0, 0, 0, 0, 0, 0, 32])),
      'header of at most 1 bytes, but its length is given as 9',
    ],
    [
      'an absurd header length',
      memorySource('x.safetensors', new Uint8Array(16).fill(255)),
      'given as 18446744073709551615',
    ],
    [
      'a PyTorch archive',
      memorySource('x.safetensors', new Uint8Array([0x50, 0x4b, 3, 4, 0, 0, 0, 0, 0, 0])),
      'expected a safetensors file, got a zip archive',
    ],
    ['no JSON', file('{"a":'), 'header: expected JSON ('],
    ['no object', file([1]), 'header: expected a JSON object'],
    [
      'no UTF-8',
      memorySource('x.safetensors', new Uint8Array([3, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0xff, 0x7d])),
      'the text is not valid UTF-8',
    ],
    ['a repeated name', file('{"a":1, "b":{"a":[]},\n"\\u0061" : 2}'), 'the key "a" occurs twice'],
    ['an entry of another kind', file({ a: 3 }), 'tensor "a": expected {dtype, shape, data_offsets}'],
    [
      'a dtype that is none',
      file({ a: { dtype: '?', shape: [], data_offsets: [0, 1] } }, 1),
      'tensor "a": expected a dtype such as F32, got "?"',
    ],
    ['a negative size', file({ a: f32([-1], 0, 4) }, 4), 'tensor "a": shape: expected'],
    ['a broken size', file({ a: f32([1.5], 0, 6) }, 6), 'tensor "a": shape: expected'],
    ['one offset', file({ a: { ...f32([], 0, 4), data_offsets: [0] } }, 4), 'data_offsets: expected two'],
    ['offsets beyond 2^53', file({ a: f32([1], 2 ** 60, 2 ** 60 + 4) }, 4), 'data_offsets: expected two'],
    ['offsets that miss the shape', file({ a: f32([2], 0, 4) }, 4), 'expected 8 bytes for F32 [2]'],
    ['offsets the wrong way round', file({ a: f32([1], 4, 0) }, 4), 'expected 4 bytes'],
    ['sizes that overflow', file({ a: f32([2 ** 52, 2 ** 52, 2 ** 52], 0, 4) }, 4), 'data_offsets [0, 4]'],
    ['offsets beyond the file', file({ a: f32([2], 0, 8) }, 4), 'expected a file of at least 70 bytes, got 66 (cut short?)'],
    [
      'overlapping tensors',
      file({ a: f32([2], 0, 8), b: f32([2], 4, 12) }, 12),
      'tensor "b" overlaps another tensor: expected it to begin at offset 8, got 4',
    ],
    [
      'a hole',
      file({ a: f32([1], 0, 4), b: f32([1], 8, 12) }, 12),
      'tensor "b" leaves a hole before it: expected it to begin at offset 4, got 8',
    ],
    ['bytes after the last tensor', file({ a: f32([1], 0, 4) }, 5), 'expected the file to end'],
    ['metadata of another kind', file({ __metadata__: { a: 1 } }), '__metadata__: expected a string'],
  ];
  it.each(faults)('refuses %s', async (_, bytes, message) => {
    const got = await rejection(openSafetensors(bytes), InputError);
    expect(got).toContain(message);
    expect(got).toMatch(/^x\.safetensors: [^\n]*$/);
  });

  it('refuses a tensor that is not there, and a dtype without exact float32', async () => {
    const source = await openSafetensors(file({ a: { dtype: 'I64', shape: [1], data_offsets: [0, 8] } }, 8));
    expect(await rejection(source.read('b'), InputError)).toBe('x.safetensors: there is no tensor "b"');
    expect(await rejection(source.read('a'), InputError)).toContain('tensor "a": dtype I64 cannot be read');
  });

  it('lists what it cannot read: kinds that are known, and others of any size', async () => {
    const header = {
      a: { dtype: 'U16', shape: [2], data_offsets: [0, 4] },
      b: { dtype: 'C64', shape: [1], data_offsets: [4, 12] },
      c: { dtype: 'F4', shape: [6], data_offsets: [12, 15] },
      d: f32([1], 15, 19),
    };
    const source = await openSafetensors(file(header, 19));
    expect([...source.tensors.values()].map(({ dtype }) => dtype)).toEqual(['U16', 'C64', 'F4', 'F32']);
    expect([...(await source.read('d'))]).toEqual([0]);
    for (const name of ['a', 'b', 'c']) {
      expect(await rejection(source.read(name), InputError)).toContain('cannot be read; expected F32');
    }
  });

  it('throws nothing but InputError, whatever the header', async () => {
    const good = writeSafetensors(
      {
        a: { shape: [2, 3], data: new Float32Array(6) },
        'b.c': { shape: [], data: new Float32Array(1) },
        d: { shape: [0], data: new Float32Array(0) },
      },
      { format: 'pt', note: '{"a\\"}' },
    );
    const headerEnd = good.length - 7 * 4;
    const pieces = ['"', '{', '}', '[', ']', ',', ':', '-', '1e999', '\\', '9', 'null', '\u00e9', '\0'];
    const edit = fc.oneof(
      fc.record({ at: fc.nat(headerEnd - 1), byte: fc.nat(255) }),
      fc.record({ at: fc.integer({ min: 8, max: headerEnd - 1 }), text: fc.constantFrom(...pieces) }),
      fc.record({ cut: fc.nat(good.length) }),
    );
    let opened = 0;
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 4 }), async (edits) => {
        let bytes = good.slice();
        for (const e of edits) {
          if ('cut' in e) bytes = bytes.slice(0, e.cut);
          else if (e.at < bytes.length) {
            const patch = 'byte' in e ? [e.byte] : [...new TextEncoder().encode(e.text)];
            bytes.set(patch.slice(0, bytes.length - e.at), e.at);
          }
        }
        try {
          const source = await openSafetensors(memorySource('fuzz', bytes));
          for (const name of source.tensors.keys()) {
            expect((await source.read(name)).length).toBeLessThanOrEqual(bytes.length);
          }
          opened++;
        } catch (error) {
          if (!(error instanceof InputError)) throw error;
          expect(error.message).toMatch(/^fuzz: [^\n\r]*$/);
          refused++;
        }
      }),
      { seed: 3, numRuns: 4000 },
    );
    expect(opened).toBeGreaterThan(0);
    expect(refused).toBeGreaterThan(0);
  });
});

describe('writeSafetensors', () => {
  const tensor = fc
    .array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 })
    .chain((shape) =>
      fc
        .float32Array({ minLength: elementCount(shape), maxLength: elementCount(shape) })
        .map((data): TensorData => ({ shape, data })),
    );
  const name = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((text) => text !== '__metadata__');

  it('writes what openSafetensors reads back', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.tuple(name, tensor), { selector: ([key]) => key, maxLength: 6 }),
        fc.dictionary(fc.string(), fc.string(), { maxKeys: 3 }),
        async (list, metadata) => {
          const written = writeSafetensors(new Map(list), metadata);
          expect(new DataView(written.buffer).getBigUint64(0, true) % 8n).toBe(0n);
          const source = await openSafetensors(memorySource('x', written));
          expect(new Map(source.metadata)).toEqual(new Map(Object.entries(metadata)));
          expect(new Set(source.tensors.keys())).toEqual(new Set(list.map(([key]) => key)));
          for (const [key, { shape, data }] of list) {
            expect(source.tensors.get(key)!.shape).toEqual(shape);
            const got = await source.read(key);
            expect(new Uint8Array(got.buffer, got.byteOffset, got.byteLength)).toEqual(
              new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
            );
          }
        },
      ),
      { seed: 4, numRuns: 300 },
    );
  });

  it('refuses data that does not fill its shape', () => {
    expect(() => writeSafetensors({ a: { shape: [3], data: new Float32Array(2) } })).toThrow('"a"');
  });
});
