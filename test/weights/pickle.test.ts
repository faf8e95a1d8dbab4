import fc from 'fast-check';
import { Parser } from 'pickleparser';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/errors.js';
import { isContainer, PickleCutShort, unpickle } from '../../src/weights/pickle.js';
import { unpickleTensors } from '../../src/weights/torch-values.js';
import { concat, op, pickled } from './torch-writer.js';

const what = 'x.pth';
const options = { what, globals: new Map(), persistent: (id: unknown) => id };

/** Tuples and lists as arrays, dictionaries as maps. */
function plain(value: unknown): unknown {
  if (isContainer(value, 'tuple') || isContainer(value, 'list')) return value.items.map(plain);
  if (!isContainer(value, 'dict')) return value;
  const pairs = new Map<unknown, unknown>();
  for (let i = 0; i < value.items.length; i += 2) pairs.set(plain(value.items[i]), plain(value.items[i + 1]));
  return pairs;
}

function message(bytes: Uint8Array): string {
  try {
    unpickleTensors(bytes, what);
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  throw new Error('expected an InputError');
}

const text = (code: string) => Uint8Array.from(code, (c) => c.charCodeAt(0));

describe('unpickle', () => {
  const { value } = fc.letrec<{ value: Uint8Array; leaf: Uint8Array }>((tie) => ({
    leaf: fc.oneof(
      fc.constantFrom(...[op.none, op.true, op.false].map((bytes) => Uint8Array.from(bytes))),
      fc.integer().map(op.int),
      fc.double({ noNaN: true }).map(op.float),
      fc.string({ unit: 'grapheme', maxLength: 8 }).map(op.string),
    ),
    value: fc.oneof(
      { maxDepth: 4 },
      tie('leaf'),
      fc.array(tie('value'), { maxLength: 5 }).map((items) => op.tuple(...items)),
      fc.array(tie('value'), { maxLength: 5 }).map((items) => op.list(...items)),
      fc
        .array(fc.tuple(fc.string({ maxLength: 3 }).map(op.string), tie('value')), { maxLength: 5 })
        .map((pairs) => op.dict(...pairs.flat())),
    ),
  }));

  it('reads plain data as pickleparser does', () => {
    const oracle = new Parser({ unpicklingTypeOfDictionary: 'Map' });
    fc.assert(
      fc.property(value, (bytes) => {
        const pickle = pickled(bytes);
        const read = unpickle(pickle, options);
        expect(read.end).toBe(pickle.length);
        expect(plain(read.value)).toEqual(oracle.parse(pickle));
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it('notices wherever a pickle is cut short', () => {
    const pickle = pickled(op.dict(op.string('a'), op.tuple(op.int(1), op.float(2), op.long(3n))));
    for (let length = 0; length < pickle.length; length++) {
      expect(() => unpickle(pickle.subarray(0, length), options)).toThrow(PickleCutShort);
    }
  });

  it('reads integers of any length exactly', () => {
    for (const n of [0n, -1n, 2n ** 53n - 1n, -(2n ** 53n), 2n ** 64n, 0x1950a86a20f9469cfc6cn]) {
      const read = unpickle(pickled(op.long(n)), options).value;
      expect(typeof read === 'number' || typeof read === 'bigint' ? BigInt(read) : read).toBe(n);
    }
  });

  it('keeps and recalls what is memoised, cycles included', () => {
    const cycle = unpickle(pickled([0x5d, 0x94, 0x68, 0, 0x61]), options).value;
    if (!isContainer(cycle, 'list')) throw new Error('expected a list');
    expect(cycle.items[0]).toBe(cycle);
  });
});

describe('a pickle that is no data', () => {
  const system = op.global('os', 'system');
  const command = op.tuple(op.string('echo this must never run'));
  const run = op.reduce(system, command);
  const cases: [string, Uint8Array, string][] = [
    ['os.system', pickled(run), 'os.system is not allowed in a checkpoint'],
    ['posix.system', pickled(op.reduce(op.global('posix', 'system'), command)), 'posix.system is not allowed'],
    ['builtins.eval', pickled(op.reduce(op.global('builtins', 'eval'), command)), 'builtins.eval is not allowed'],
    ['__builtin__.exec', pickled(op.global('__builtin__', 'exec')), '__builtin__.exec is not allowed'],
    ['a class that is only mentioned', pickled(op.dict(op.string('a'), system)), 'os.system is not allowed'],
    ['a call inside a tensor', pickled(op.dict(op.string('a'), op.tuple(run))), 'os.system is not allowed'],
    [
      'a call of what a call returned',
      pickled(op.reduce(op.reduce(op.global('torch', 'Size'), op.tuple(op.string('x'))), command)),
      'expected a function to call',
    ],
    [
      'a storage class that is called',
      pickled(op.reduce(op.global('torch', 'FloatStorage'), op.tuple(op.int(1)))),
      'torch.FloatStorage cannot be called',
    ],
    ['getattr', pickled(op.global('builtins', 'getattr')), 'builtins.getattr is not allowed'],
    ['a name pushed as strings', pickled(concat(op.string('os'), op.string('system'), [0x93])), 'os.system is not'],
    ['a dotted name', pickled(concat(op.string('torch'), op.string('os.system'), [0x93])), 'torch.os.system is not'],
    ['protocol 0', text("cos\nsystem\n(S'id'\ntR."), 'os.system is not allowed'],
    ['protocol 0, at once', text("(S'id'\nios\nsystem\n."), 'os.system is not allowed'],
    ['an instance', pickled(concat(op.global('collections', 'OrderedDict'), op.tuple(), [0x81])), 'instances of collections.OrderedDict are not allowed'],
    ['an object', pickled(concat(op.mark, op.string('x'), [0x6f])), 'opcode 0x6f is not allowed'],
    ['an extension code', pickled([0x82, 1]), 'opcode 0x82 is not allowed'],
    ['attributes of something else', pickled(concat(op.tuple(), op.dict(), [0x62])), 'expected a dict to fill'],
    ['a name of control characters', pickled(op.global('os\r\u001b[31m', 'system')), '"os\\r\\u001b[31m.system" is not'],
    ['a pickle in a pickle', pickled(op.global('pickle', 'loads')), 'pickle.loads is not allowed'],
    ['torch’s own loaders', pickled(op.global('torch.storage', '_load_from_bytes')), 'torch.storage._load_from_bytes is'],
    ['something kept outside', pickled(op.persistent(op.string('file'))), 'expected only storages of tensors'],
  ];
  it.each(cases)('%s is refused', (_, bytes, expected) => {
    expect(message(bytes)).toContain(expected);
  });

  it('ends, whatever it asks for', () => {
    expect(message(pickled(new Uint8Array(2 ** 21).fill(0x7d)))).toContain('more than 262144 operations');
    expect(message(pickled(new Uint8Array(2 ** 21).fill(0x28)))).toContain('more than 262144 operations');
    expect(message(pickled([0x58, 255, 255, 255, 255]))).toContain('cut short');
    expect(message(pickled([0x8d, 255, 255, 255, 255, 255, 255, 255, 255]))).toContain('cut short');
    expect(message(pickled([0x68, 7]))).toContain('nothing was kept under 7');
    expect(message(pickled([0x30]))).toContain('nothing left on its stack');
    expect(message(pickled([0x4e, 0x28, 0x30]))).toContain('nothing left on its stack');
    expect(message(pickled([0x74]))).toContain('a mark is missing');
    expect(message(pickled([0x7d, 0x28, 0x4e, 0x75]))).toContain('a key without a value');
    expect(message(Uint8Array.from([0x80, 9, 0x4e, 0x2e]))).toContain('expected protocol 2 to 5, got 9');
  });
});
