import { readFileSync } from 'node:fs';
import { InputError } from '../../src/base/errors.js';
import { decodeWav } from '../../src/media/wav.js';
import { parseConfig } from '../../src/weights/config.js';
import { openCheckpointFile } from '../../src/weights/formats.js';
import { parseEmotionConfig } from '../../src/weights/huggingface.js';
import { joinConfigs, joinWeights } from '../../src/weights/join.js';
import { parseJsonObject } from '../../src/weights/json.js';
import { expectedTensors } from '../../src/weights/manifest.js';
import { writeSafetensors } from '../../src/weights/safetensors.js';
import { memorySource } from '../../src/weights/source.js';
import { syntheticWeights } from '../../src/weights/synthetic.js';
import { readZipDirectory, readZipEntry } from '../../src/weights/zip.js';
import { goldenJson } from '../weights/golden.js';
import { fixture } from '../weights/torch-fixtures.js';
import {
  concat,
  little,
  op,
  pickled,
  tensorOps,
  torchArchive,
  torchLegacy,
  zipped,
} from '../weights/torch-writer.js';
import { mutate, mutateJson, pick, type Random } from './mutate.js';

/** A parser, and files made to break it. */
export interface Target {
  readonly name: string;
  readonly make: (random: Random) => Uint8Array;
  /** Everything that the program does with such a file. Gives the bytes of the largest thing it allocated. */
  readonly parse: (bytes: Uint8Array) => Promise<number>;
}

const read = (name: string) => new Uint8Array(readFileSync(fixture(name)));
const utf8 = (text: string) => new TextEncoder().encode(text);

/** Opens a file of weights and reads all its tensors, but for the two kinds that are never read. */
async function parseWeights(bytes: Uint8Array): Promise<number> {
  const file = await openCheckpointFile(memorySource('x.pth', bytes));
  joinConfigs([file]);
  const weights = joinWeights([file]);
  let largest = 0;
  for (const [name, { dtype }] of weights.tensors) {
    if (dtype === 'F64' || dtype === 'I64') continue;
    largest = Math.max(largest, (await weights.read(name)).byteLength);
  }
  return largest;
}

function mutated(seeds: readonly Uint8Array[]): (random: Random) => Uint8Array {
  return (random) => mutate(pick(random, seeds), seeds, random);
}

function safetensorsSeeds(): Uint8Array[] {
  const tensors = {
    'fmt.x': { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
    'fmt.y': { shape: [], data: Float32Array.of(1) },
    'fmt.z': { shape: [0, 5], data: new Float32Array() },
  };
  const header = utf8(
    JSON.stringify({
      a: { dtype: 'F16', shape: [3], data_offsets: [0, 6] },
      'wav2vec2.b': { dtype: 'BF16', shape: [1, 1], data_offsets: [6, 8] },
      c: { dtype: 'I32', shape: [2], data_offsets: [8, 16] },
      d: { dtype: 'BOOL', shape: [1], data_offsets: [16, 17] },
    }),
  );
  return [
    writeSafetensors(tensors),
    writeSafetensors(tensors, { config: JSON.stringify(goldenJson('tiny/weights.json')).slice(-900) }),
    writeSafetensors(tensors, { config: '{"config": {"input_size": 64}}', format: 'pt' }),
    concat(little(header.length, 8), header, new Uint8Array(17)),
  ];
}

/** Pickles that PyTorch wrote, beside the storages they ask for. */
async function archives(): Promise<{ pickle: Uint8Array; rest: [string, Uint8Array][] }[]> {
  const list = [];
  for (const name of ['zip.pth', 'protocol4.pth', 'wrapped.pth', 'malicious.pth']) {
    const bytes = memorySource(name, read(name));
    let pickle = new Uint8Array();
    const rest: [string, Uint8Array][] = [];
    for (const entry of (await readZipDirectory(bytes)).values()) {
      const data = await readZipEntry(bytes, entry);
      if (entry.name.endsWith('data.pkl')) pickle = data;
      else rest.push([entry.name.replace(/^[^/]*/, 'x'), data]);
    }
    list.push({ pickle, rest });
  }
  return list;
}

const small = { a: { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) } };

/** Opcodes in any order, most of them such that they have something to work on. */
function randomPickle(random: Random): Uint8Array {
  const piece = (): Uint8Array =>
    pick<() => Uint8Array>(random, [
      () =>
        Uint8Array.from(pick(random, [op.none, op.true, op.emptyTuple, op.emptyList, op.emptyDict, op.mark])),
      () => op.int(random(5)),
      () => op.string(pick(random, ['a', 'storage', '0', 'cpu', 'state_dict'])),
      () => tensorOps('0', small.a),
      () => op.global('torch._utils', pick(random, ['_rebuild_tensor_v2', '_rebuild_parameter'])),
      () => op.global(...pick(random, names)),
      // REDUCE, BINPERSID, BUILD, tuples, APPEND(S), SETITEM(S), POP(_MARK), DUP, MEMOIZE
      () =>
        Uint8Array.of(
          pick(
            random,
            [...'RQb\x85\x86\x87taesu012\x94'].map((c) => c.charCodeAt(0)),
          ),
        ),
      () => Uint8Array.of(pick(random, [0x68, 0x71]), random(4)),
      () => Uint8Array.of(random(256)),
    ])();
  const pieces = Array.from({ length: 1 + random(20) }, piece);
  // A state dictionary, and on top of it what may fail; otherwise it is thrown away.
  return pickled(concat(op.dict(op.string('a'), tensorOps('0', small.a)), op.mark, ...pieces, [0x31]));
}

const names: [string, string][] = [
  ['os', 'system'],
  ['builtins', 'eval'],
  ['collections', 'OrderedDict'],
  ['torch', 'FloatStorage'],
  ['torch', 'Size'],
];

function wav(
  format: number,
  channels: number,
  bits: number,
  extra: Uint8Array = new Uint8Array(),
): Uint8Array {
  const block = Math.ceil((channels * bits) / 8);
  const fmt = [little(format, 2), little(channels, 2), little(16000, 4), little(16000 * block, 4)];
  const head = concat(...fmt, little(block, 2), little(bits, 2), extra);
  const data = new Uint8Array(block * 20).map((_, i) => (i * 7) & 63);
  const chunk = (id: string, bytes: Uint8Array) => concat(utf8(id), little(bytes.length, 4), bytes);
  const body = concat(
    utf8('WAVE'),
    chunk('fmt ', head),
    chunk('LIST', utf8('INFOabcd')),
    chunk('data', data),
  );
  return chunk('RIFF', body);
}

function wavSeeds(): Uint8Array[] {
  const tail = Buffer.from('000000001000800000aa00389b71', 'hex');
  const extensible = concat(little(22, 2), little(16, 2), little(3, 4), little(1, 2), tail);
  const plain: [number, number, number][] = [
    [1, 1, 8],
    [1, 2, 16],
    [1, 1, 24],
    [1, 6, 32],
    [3, 1, 32],
    [3, 2, 64],
    [2, 1, 4],
  ];
  return [...plain.map((kind) => wav(...kind)), wav(0xfffe, 2, 16, extensible)];
}

/** A configuration of ours, one of Hugging Face's, or synthetic weights: each is tried as all three. */
function parseJson(bytes: Uint8Array): Promise<number> {
  const json = parseJsonObject(bytes, 'x.json');
  const given = { json, name: 'x.json' };
  const attempts = [
    () => void expectedTensors(parseConfig(json, 'x.json')),
    () => void parseEmotionConfig(given),
    () => void syntheticWeights(json, 'x.json'),
  ];
  const errors: InputError[] = [];
  for (const attempt of attempts) {
    try {
      attempt();
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      errors.push(error);
    }
  }
  if (errors.length === attempts.length) throw pick((count) => bytes.length % count, errors);
  return Promise.resolve(0);
}

export async function makeTargets(): Promise<Target[]> {
  const torch = await archives();
  const torchSeeds = [
    read('zip.pth'),
    read('wrapped.pth'),
    torchArchive(small),
    torchArchive(small, { zip64: true }),
  ];
  const legacySeeds = [read('legacy.pth'), read('malicious-legacy.pth'), torchLegacy(small)];
  const { tensors: all, ...sizes } = goldenJson('tiny/weights.json') as {
    tensors: object;
    generator: string;
  };
  const { generator } = sizes;
  const jsons: unknown[] = [
    sizes,
    JSON.parse(new TextDecoder().decode(read('tiny/wav2vec2-base-960h/config.json'))),
    { generator, tensors: Object.fromEntries(Object.entries(all).slice(0, 3)) },
  ];
  const deep = `{"config": ${'['.repeat(20000)}${']'.repeat(20000)}}`;
  const jsonSeeds = [...jsons.map((json) => utf8(JSON.stringify(json))), utf8(deep)];
  const storages: [string, Uint8Array][] = [['x/data/0', new Uint8Array(24)]];
  return [
    { name: 'safetensors', make: mutated(safetensorsSeeds()), parse: parseWeights },
    { name: 'PyTorch zip archive', make: mutated(torchSeeds), parse: parseWeights },
    {
      name: 'pickle in an archive',
      make(random) {
        const { pickle, rest } = pick(random, torch);
        const others = torch.map((archive) => archive.pickle);
        return zipped([['x/data.pkl', mutate(pickle, others, random)], ...rest]);
      },
      parse: parseWeights,
    },
    {
      name: 'pickle of random opcodes',
      make: (random) => zipped([['x/data.pkl', randomPickle(random)], ...storages]),
      parse: parseWeights,
    },
    { name: 'PyTorch’s old format', make: mutated(legacySeeds), parse: parseWeights },
    {
      name: 'WAV',
      make: mutated(wavSeeds()),
      parse: (bytes) => {
        const { channels } = decodeWav(bytes, 'x.wav');
        return Promise.resolve(channels.reduce((sum, channel) => sum + channel.byteLength, 0));
      },
    },
    { name: 'configuration, bytes', make: mutated(jsonSeeds), parse: parseJson },
    {
      name: 'configuration, values',
      make: (random) => utf8(JSON.stringify(mutateJson(pick(random, jsons), random)) ?? ''),
      parse: parseJson,
    },
  ];
}
