import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { Parser } from 'pickleparser';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/errors.js';
import { openCheckpointFile } from '../../src/weights/formats.js';
import { memorySource, type ByteSource, type WeightSource } from '../../src/weights/source.js';
import { isContainer } from '../../src/weights/pickle.js';
import { isTensor, unpickleTensors } from '../../src/weights/torch-values.js';
import { readZipDirectory, readZipEntry } from '../../src/weights/zip.js';
import { rejection } from './golden.js';
import { expectedTensors, fixtureBytes, fixture } from './torch-fixtures.js';
import { concat, op, pickled, tensorOps, torchArchive, torchLegacy, zipped } from './torch-writer.js';
import type { WrittenTensor } from './torch-writer.js';

const dtypes: Readonly<Record<string, string>> = {
  float32: 'F32',
  float16: 'F16',
  bfloat16: 'BF16',
  float64: 'F64',
  int64: 'I64',
  int32: 'I32',
  int16: 'I16',
  int8: 'I8',
  uint8: 'U8',
  bool: 'BOOL',
};

const open = async (bytes: Uint8Array, name = 'x.pth'): Promise<WeightSource> =>
  (await openCheckpointFile(memorySource(name, bytes))).weights;

const bits = (values: Float32Array) => Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');

describe('a checkpoint that PyTorch wrote', () => {
  it.each([
    ['zip.pth', 'expected.json'],
    ['protocol4.pth', 'expected.json'],
    ['legacy.pth', 'expected.json'],
    ['wrapped.pth', 'wrapped.expected.json'],
  ])('%s is read bit by bit', async (file, json) => {
    const { weights } = await openCheckpointFile(fixtureBytes(file));
    const expected = expectedTensors(json);
    expect([...weights.tensors.keys()]).toEqual(expected.map(([name]) => name));
    for (const [name, { dtype, shape, float32 }] of expected) {
      expect(weights.tensors.get(name)).toMatchObject({ dtype: dtypes[dtype], shape });
      if (float32 === undefined) {
        expect(await rejection(weights.read(name), InputError)).toContain('expected F32, F16, BF16 or I32');
      } else {
        expect(`${name} ${bits(await weights.read(name))}`).toBe(`${name} ${float32}`);
      }
    }
  });

  it.each(['malicious.pth', 'malicious-legacy.pth'])('%s is refused by the name of what it would call', async (file) => {
    expect(await rejection(openCheckpointFile(fixtureBytes(file)), InputError)).toContain(
      'posix.system is not allowed in a checkpoint',
    );
  });

  it('is read as pickleparser reads it', async () => {
    const bytes = memorySource('float.pth', readFileSync(fixture('tiny/float.pth')));
    const pickle = await readZipEntry(bytes, (await readZipDirectory(bytes)).get('float/data.pkl')!);
    type Oracle = Map<string, [unknown[], number, number[], number[]]>;
    // It calls everything with `new`, and such a function may return what it likes.
    const oracle = new Parser({
      unpicklingTypeOfDictionary: 'Map',
      persistentResolver: { resolve: (id: unknown) => id },
      nameResolver: {
        resolve: (module, name) =>
          function (...args: unknown[]) {
            return module === 'collections' ? new Map() : [name, ...args];
          },
      },
    }).parse<Oracle>(pickle);
    const ours = unpickleTensors(pickle, 'x').value;
    if (!isContainer(ours, 'dict')) throw new Error('expected a dictionary');
    expect(ours.items.filter((_, i) => i % 2 === 0)).toEqual([...oracle.keys()]);
    for (let i = 0; i < ours.items.length; i += 2) {
      const tensor = ours.items[i + 1];
      if (!isTensor(tensor)) throw new Error('expected a tensor');
      const [, storage, offset, shape, strides] = oracle.get(ours.items[i] as string) as unknown as unknown[];
      const [, , key, , count] = storage as unknown[];
      expect(tensor).toMatchObject({ storage: { key, count }, offset, shape, strides });
    }
  });
});

describe('a checkpoint of ours', () => {
  const shape = fc.array(fc.nat(4), { maxLength: 4 });
  const tensor = shape.chain((shape) =>
    fc
      .float32Array({
        minLength: shape.reduce((a, b) => a * b, 1),
        maxLength: shape.reduce((a, b) => a * b, 1),
      })
      .map((data): WrittenTensor => ({ shape, data })),
  );
  const tensors = fc.dictionary(fc.string({ minLength: 1, maxLength: 5 }), tensor, { minKeys: 1, maxKeys: 5, noNullPrototype: true });

  it.each([
    ['zip', torchArchive],
    ['zip64', (list: Record<string, WrittenTensor>) => torchArchive(list, { zip64: true })],
    ['the old format', torchLegacy],
  ])('comes back from %s', async (_, write) => {
    await fc.assert(
      fc.asyncProperty(tensors, async (list) => {
        const weights = await open(write(list));
        expect([...weights.tensors.keys()]).toEqual(Object.keys(list));
        for (const [name, { shape, data }] of Object.entries(list)) {
          expect(weights.tensors.get(name)?.shape).toEqual(shape);
          expect(bits(await weights.read(name))).toBe(bits(data));
        }
      }),
      { seed: 3, numRuns: 60 },
    );
  });

  it('reads any strides', async () => {
    const view = fc.record({
      data: fc.float32Array({ minLength: 60, maxLength: 60 }),
      shape: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
      strides: fc.tuple(fc.nat(9), fc.nat(9), fc.nat(9)),
      offset: fc.nat(5),
    });
    await fc.assert(
      fc.asyncProperty(view, async (written) => {
        const values = await (await open(torchArchive({ a: written }))).read('a');
        const expected: number[] = [];
        const { data, offset, strides, shape } = written;
        for (let i = 0; i < shape[0]; i++) {
          for (let j = 0; j < shape[1]; j++) {
            for (let k = 0; k < shape[2]; k++) {
              expected.push(data[offset + i * strides[0] + j * strides[1] + k * strides[2]]!);
            }
          }
        }
        expect([...values]).toEqual(expected);
      }),
      { seed: 4, numRuns: 200 },
    );
  });

  it('is read in place, a tensor at a time', async () => {
    const file = torchArchive({ a: { shape: [3], data: new Float32Array(3) }, b: { shape: [1000], data: new Float32Array(1000) } });
    const reads: number[] = [];
    const bytes: ByteSource = {
      ...memorySource('x.pth', file),
      read: (offset, length) => {
        reads.push(length);
        return memorySource('x.pth', file).read(offset, length);
      },
    };
    const { weights } = await openCheckpointFile(bytes);
    reads.length = 0;
    await weights.read('a');
    expect(reads).toEqual([30, 12]);
  });
});

describe('a checkpoint with more than weights', () => {
  const a: WrittenTensor = { shape: [2], data: Float32Array.of(1, 2) };
  const b: WrittenTensor = { shape: [2], data: Float32Array.of(3, 4) };
  const state = op.dict(op.string('fmt.x'), tensorOps('0', a));
  const keys = async (...items: Uint8Array[]) => {
    const weights = await open(torchArchive({ a, b }, {}, pickled(op.dict(...items))));
    for (const name of weights.tensors.keys()) await weights.read(name).catch(() => undefined);
    return [...weights.tensors.keys()];
  };
  const call = (module: string, name: string, ...args: Uint8Array[]) => op.reduce(op.global(module, name), op.tuple(...args));

  it('gives each tensor the keys on the way to it, but for a wrapper round all', async () => {
    expect(await keys(op.string('state_dict'), state, op.string('epoch'), op.int(3))).toEqual(['fmt.x']);
    expect(await keys(op.string('state_dict'), state, op.string('step'), tensorOps('1', b))).toEqual([
      'state_dict.fmt.x',
      'step',
    ]);
    expect(await keys(op.string('model'), state, op.string('ema'), op.dict(op.string('module.fmt.x'), tensorOps('1', b)))).toEqual(
      ['model.fmt.x', 'ema.module.fmt.x'],
    );
    const moments = op.dict(op.int(0), op.dict(op.string('exp_avg'), tensorOps('1', b)));
    expect(await keys(op.string('gen'), state, op.string('optim'), op.list(op.int(1), moments))).toEqual([
      'gen.fmt.x',
      'optim.1.0.exp_avg',
    ]);
    // One dictionary in two places is entered once, so that no file makes work without end.
    const shared = concat(state, [0x71, 1], [0x30]);
    const twice = concat(shared, op.dict(op.string('a'), Uint8Array.of(0x68, 1), op.string('b'), Uint8Array.of(0x68, 1)));
    expect([...(await open(torchArchive({ a }, {}, pickled(twice)))).tensors.keys()]).toEqual(['a.fmt.x']);
  });

  it('reads past the state of NumPy’s random numbers, sets and devices', async () => {
    const array = concat(
      call('numpy.core.multiarray', '_reconstruct', op.global('numpy', 'ndarray'), op.tuple(op.int(0))),
      op.tuple(op.int(1), call('numpy', 'dtype', op.string('u4'))),
      [0x62],
    );
    const rest = [array, call('builtins', 'set', op.list(op.int(1))), call('torch', 'device', op.string('cuda'))];
    const items = rest.flatMap((value, i) => [op.string(`x${i}`), value]);
    expect(await keys(op.string('state_dict'), state, ...items)).toEqual(['fmt.x']);
  });

  it('lists tensors of kinds that it cannot read', async () => {
    const storage = (type: Uint8Array, count: number) =>
      op.persistent(op.tuple(op.string('storage'), type, op.string('0'), op.string('cpu'), op.int(count)));
    const view = [op.int(0), op.tuple(op.int(2)), op.tuple(op.int(1))];
    const hooks = [Uint8Array.from(op.false), Uint8Array.from(op.none)];
    const bytes = storage(op.global('torch.storage', 'UntypedStorage'), 8);
    const untyped = call('torch._utils', '_rebuild_tensor_v3', bytes, ...view, ...hooks, op.global('torch', 'uint16'));
    const scale = op.tuple(op.global('torch', 'per_tensor_affine'), op.float(0.1), op.int(0));
    const quantised = storage(op.global('torch', 'QInt8Storage'), 8);
    const complex = storage(op.global('torch', 'ComplexFloatStorage'), 1);
    const kindOf = async (tensor: Uint8Array) => {
      const weights = await open(torchArchive({ a }, {}, pickled(op.dict(op.string('a'), tensor))));
      expect(await rejection(weights.read('a'), InputError)).toContain('cannot be read; expected F32');
      return weights.tensors.get('a')?.dtype;
    };
    expect(await kindOf(untyped)).toBe('U16');
    expect(await kindOf(call('torch._utils', '_rebuild_qtensor', quantised, ...view, scale, ...hooks))).toBe('QI8');
    const one = [op.int(0), op.tuple(op.int(1)), op.tuple(op.int(1))];
    expect(await kindOf(call('torch._utils', '_rebuild_tensor_v2', complex, ...one, ...hooks))).toBe('C64');
  });

  it('reads tensors with attributes, and float32 that is given as bytes', async () => {
    const storage = op.persistent(
      op.tuple(op.string('storage'), op.global('torch.storage', 'UntypedStorage'), op.string('0'), op.string('cpu'), op.int(8)),
    );
    const view = [op.int(0), op.tuple(op.int(2)), op.tuple(op.int(1)), Uint8Array.from(op.false), Uint8Array.from(op.none)];
    const args = op.tuple(storage, ...view, op.global('torch', 'float32'));
    const rebuild = op.global('torch._utils', '_rebuild_tensor_v3');
    const type = op.global('torch.nn.parameter', 'Parameter');
    const tensor = call('torch._tensor', '_rebuild_from_type_v2', rebuild, type, args, op.dict());
    const weights = await open(torchArchive({ a }, {}, pickled(op.dict(op.string('a'), tensor))));
    expect([...(await weights.read('a'))]).toEqual([1, 2]);
  });
});

describe('a checkpoint that is refused', () => {
  const a: WrittenTensor = { shape: [2, 3], data: new Float32Array(6) };
  const root = (...items: Uint8Array[]) => pickled(op.dict(...items));
  const cases: [string, Uint8Array, string][] = [
    ['strides past the storage', torchArchive({ a: { ...a, strides: [4, 1] } }), 'does not fit its storage of 6 elements'],
    ['an offset past the storage', torchArchive({ a: { ...a, offset: 1 } }), 'from element 1 does not fit its storage'],
    [
      'a tensor that repeats one element a billion times',
      torchArchive({ a: { ...a, shape: [2 ** 15, 2 ** 15], strides: [0, 0] } }),
      'tensor "a": shape [32768, 32768] with strides [0, 0] from element 0 does not fit',
    ],
    ['sizes beyond numbers', torchArchive({ a: { ...a, shape: [2 ** 52, 2 ** 52, 2 ** 52] } }), 'does not fit its storage'],
    ['a negative stride', torchArchive({ a: { ...a, strides: [-3, 1] } }), 'other arguments than PyTorch writes'],
    ['a storage of another size', torchArchive({ a: { ...a, count: 600 } }), 'storage "0": expected 2400 bytes, got 24'],
    ['a missing storage', torchArchive({}, {}, root(op.string('a'), tensorOps('7', a))), 'storage "7" is missing'],
    ['no dictionary', torchArchive({}, {}, pickled(op.int(3))), 'expected a dictionary of tensors'],
    ['other things only', torchArchive({}, {}, root(op.string('a'), op.int(3))), 'expected a dictionary of tensors'],
    ['a zip of something else', zipped([['a.txt', new Uint8Array(3)]]), 'got a zip archive without data.pkl'],
    [
      'big-endian numbers',
      zipped([
        ['x/data.pkl', pickled(op.dict())],
        ['x/byteorder', Buffer.from('big')],
      ]),
      'byteorder: expected "little", got "big"',
    ],
    ['another pickle', pickled(op.dict()), 'got another kind of pickle'],
    ['a pickle cut short', pickled(op.dict()).subarray(0, 4), 'damaged pickle: cut short'],
    ['no storages', torchLegacy({ a }).subarray(0, -32), 'expected 8 bytes from byte'],
    ['old format, cut short', torchLegacy({ a }).subarray(0, -1), 'storage "0": expected a file of at least'],
    ['old format, another count', torchLegacy({ a: { ...a, count: 5 } }), 'storage "0": expected 5 elements, got 6'],
    ['text', Buffer.from('hello, world'), 'x.pth: '],
    ['nothing', new Uint8Array(), 'x.pth: the file is empty: download it again'],
  ];
  it.each(cases)('%s', async (_, bytes, expected) => {
    const read = open(bytes).then((weights) => weights.read('a'));
    expect(await rejection(read, InputError)).toContain(expected);
  });

  it('is told from safetensors by its first bytes, whatever its name', async () => {
    expect((await open(torchLegacy({ a }), 'a')).tensors.size).toBe(1);
    expect((await open(torchArchive({ a }), 'a.safetensors')).tensors.size).toBe(1);
    // A header of 0x0280 bytes begins like a pickle.
    const header = '{}'.padEnd(0x280);
    expect((await open(concat([0x80, 2, 0, 0, 0, 0, 0, 0], Buffer.from(header)), 'a.bin')).tensors.size).toBe(0);
  });
});

describe('what a training script saved whole', () => {
  const tensor = { shape: [2], data: Float32Array.of(1, 2) };
  const weight = tensorOps('0', tensor, false);
  const instance = (module: string, name: string, state: Uint8Array) =>
    concat(op.global(module, name), op.emptyTuple, [0x81], state, [0x62]);
  const options = instance('argparse', 'Namespace', op.dict(op.string('lr'), op.float(0.1)));
  const scalar = op.reduce(
    op.global('numpy._core.multiarray', 'scalar'),
    op.tuple(op.reduce(op.global('numpy', 'dtype'), op.tuple(op.string('f8'))), op.string('x')),
  );
  const optimizer = op.dict(
    op.string('state'),
    op.dict(op.int(0), op.dict(op.string('exp_avg'), weight, op.string('step'), op.int(7))),
    op.string('param_groups'),
    op.list(op.dict(op.string('lr'), op.float(0.1), op.string('params'), op.list(op.int(0)))),
  );

  it('is read for its weights, and what else it holds is named', async () => {
    const whole = op.dict(
      ...[op.string('args'), options, op.string('best'), scalar, op.string('optimizer'), optimizer],
      ...[op.string('losses'), op.reduce(op.global('collections', 'defaultdict'), op.tuple(op.global('torch', 'float32')))],
      ...[op.string('seen'), concat([0x8f], op.mark, op.int(3), [0x90]), op.string('model'), op.dict(op.string('w'), weight)],
    );
    const weights = await open(torchArchive({ w: tensor }, {}, pickled(whole)));
    expect([...weights.tensors.keys()]).toEqual(['optimizer.state.0.exp_avg', 'model.w']);
    expect([...(await weights.read('model.w'))]).toEqual([1, 2]);
    expect(weights.notes).toEqual(['x.pth: left out what is no weights: "args" (argparse.Namespace)']);
  });

  it('may make its instances by protocol 1, or with arguments by name', async () => {
    const old = op.reduce(
      op.global('copy_reg', '_reconstructor'),
      op.tuple(op.global('argparse', 'Namespace'), op.global('__builtin__', 'object'), Uint8Array.from(op.none)),
    );
    const named = concat(op.global('types', 'SimpleNamespace'), op.emptyTuple, op.emptyDict, [0x92]);
    const whole = op.dict(op.string('a'), old, op.string('b'), named, op.string('w'), weight);
    const { notes } = await open(torchArchive({ w: tensor }, {}, pickled(whole)));
    expect(notes).toEqual(['x.pth: left out what is no weights: "a" (argparse.Namespace), "b" (types.SimpleNamespace)']);
  });

  it.each([
    ['a class that could act', instance('subprocess', 'Popen', op.dict()), 'subprocess.Popen is not allowed'],
    ['an instance of a function', instance('torch._utils', '_rebuild_tensor_v2', op.dict()), 'instances of torch'],
    [
      'another class by protocol 1',
      op.reduce(op.global('copyreg', '_reconstructor'), op.tuple(op.global('torch', 'Size'))),
      'copyreg._reconstructor with other arguments',
    ],
  ])('%s is refused all the same', async (_, value, says) => {
    const whole = op.dict(op.string('x'), value, op.string('w'), weight);
    expect(await rejection(open(torchArchive({ w: tensor }, {}, pickled(whole))), InputError)).toContain(says);
  });
});
