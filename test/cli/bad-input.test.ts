import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emptyFolder, example, runFloat, weights } from './run.js';

const portrait = example('portraits/portrait1.png');
const speech = example('speech/neutral.wav');

let inputs: string;
beforeAll(() => {
  inputs = emptyFolder();
});
afterAll(() => rmSync(inputs, { recursive: true }));

/** A file among the inputs. */
function given(name: string, content: Uint8Array | string): string {
  const path = join(inputs, name);
  writeFileSync(path, content);
  return path;
}

/** A mono WAV with one second of silence unless told otherwise. */
function wav(format: number, bits: number, data: Uint8Array): Uint8Array {
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + data.length, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(format, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(16000, 24);
  header.writeUInt32LE((16000 * bits) / 8, 28);
  header.writeUInt16LE(bits / 8, 32);
  header.writeUInt16LE(bits, 34);
  header.write('data', 36);
  header.writeUInt32LE(data.length, 40);
  return Buffer.concat([header, data]);
}

type Header = Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }>;

/** The demo checkpoint with its header changed, in a folder with the demo's (or another) configuration. */
function checkpoint(name: string, change: (header: Header) => void, config?: unknown): string {
  const folder = join(inputs, name);
  mkdirSync(folder);
  const file = readFileSync(join(weights('demo'), 'weights.safetensors'));
  const length = Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.toString('utf8', 8, 8 + length)) as Header;
  change(header);
  const text = Buffer.from(JSON.stringify(header));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(text.length));
  writeFileSync(join(folder, 'weights.safetensors'), Buffer.concat([size, text, file.subarray(8 + length)]));
  if (config === undefined) copyFileSync(join(weights('demo'), 'config.json'), join(folder, 'config.json'));
  else writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  return folder;
}

const demoConfig = () =>
  JSON.parse(readFileSync(join(weights('demo'), 'config.json'), 'utf8')) as {
    config: Record<string, unknown>;
  };
const first = 'motion_autoencoder.enc.net_app.convs.0.0.weight';
const second = 'motion_autoencoder.enc.net_app.convs.0.1.bias';

interface Case {
  what: string;
  flags: () => Record<string, string | true>;
  says: RegExp;
}

const cases: Case[] = [
  {
    what: 'a missing portrait',
    flags: () => ({ image: join(inputs, 'absent.png') }),
    says: /absent\.png.*no such file/,
  },
  {
    what: 'a portrait that is no PNG',
    flags: () => ({ image: given('text.png', 'hello') }),
    says: /text\.png: not a PNG/,
  },
  {
    what: 'a truncated PNG',
    flags: () => ({ image: given('half.png', readFileSync(portrait).subarray(0, 2000)) }),
    says: /half\.png: truncated PNG/,
  },
  {
    what: 'a missing recording',
    flags: () => ({ audio: join(inputs, 'absent.wav') }),
    says: /absent\.wav.*no such file/,
  },
  {
    what: 'a recording that is no WAV',
    flags: () => ({ audio: given('text.wav', 'hello') }),
    says: /text\.wav: .*WAV/,
  },
  {
    what: 'an empty WAV',
    flags: () => ({ audio: given('empty.wav', wav(1, 16, new Uint8Array())) }),
    says: /empty\.wav: .*(empty|no samples)/,
  },
  {
    what: 'NaN samples',
    flags: () => ({ audio: given('nan.wav', wav(3, 32, Buffer.from(Float32Array.of(0, NaN, 0).buffer))) }),
    says: /nan\.wav: .*(NaN|finite)/i,
  },
  {
    what: 'missing weights',
    flags: () => ({ weights: join(inputs, 'absent.safetensors') }),
    says: /absent\.safetensors/,
  },
  {
    what: 'a safetensors header longer than the file',
    flags: () => ({ weights: given('long.safetensors', Buffer.from([200, 0, 0, 0, 0, 0, 0, 0, 123, 125])) }),
    says: /long\.safetensors: .*header/,
  },
  {
    what: 'overlapping tensors',
    flags: () => ({
      weights: checkpoint('overlap', (header) => {
        header[second]!.data_offsets = [0, header[second]!.data_offsets[1] - header[second]!.data_offsets[0]];
      }),
    }),
    says: /weights\.safetensors: .*overlap/,
  },
  {
    what: 'a tensor that ends outside the file',
    flags: () => {
      const whole = readFileSync(join(weights('demo'), 'weights.safetensors'));
      return { weights: given('short.safetensors', whole.subarray(0, -100)) };
    },
    says: /short\.safetensors: tensor .* (outside|beyond|file)/,
  },
  {
    what: 'an unknown dtype',
    flags: () => ({ weights: checkpoint('dtype', (header) => (header[first]!.dtype = 'Q4_0')) }),
    says: /weights\.safetensors: .*dtype/,
  },
  {
    what: 'a tensor of another shape',
    flags: () => ({ weights: checkpoint('shape', (header) => header[first]!.shape.reverse()) }),
    says: /misshapen.*convs\.0\.0\.weight.*expected \[16, 3, 1, 1\], got \[1, 1, 3, 16\]/,
  },
  {
    what: 'a tensor under a name of its own',
    flags: () => ({
      weights: checkpoint('renamed', (header) => {
        header['something.else'] = header[first]!;
        delete header[first];
      }),
    }),
    says: /1 missing tensor: .*convs\.0\.0\.weight.*1 unexpected tensor: .*something\.else/,
  },
  {
    what: 'an impossible configuration',
    flags: () => {
      const config = demoConfig();
      config.config['num_heads'] = 3;
      return { weights: checkpoint('config', () => undefined, config) };
    },
    says: /config\.json: .*num_heads/,
  },
  {
    what: 'an output in a folder that does not exist',
    flags: () => ({ out: join(inputs, 'nowhere', 'out.mp4') }),
    says: /nowhere\/out\.mp4/,
  },
  {
    what: 'a folder as output',
    flags: () => ({ out: inputs }),
    says: /cannot write .*directory/,
  },
  {
    what: 'a profile in a folder that does not exist',
    flags: () => ({ profile: join(inputs, 'nowhere', 'trace.json') }),
    says: /nowhere.*trace\.json/,
  },
  {
    what: 'motion of another width',
    flags: () => ({ 'motion-in': join(weights('demo'), 'weights.safetensors') }),
    says: /motion: expected a tensor \[frames, 64\]/,
  },
  {
    what: 'no such adapter',
    flags: () => ({ adapter: 'voodoo' }),
    says: /no adapter for --adapter voodoo; found: /,
  },
  {
    what: 'matrix units where there are none',
    flags: () => ({ adapter: 'software', precision: 'f16', experimental: true }),
    says: /experimental: .* does not offer products of 16×16 matrices/,
  },
  // SwiftShader comes from npm for Linux on x64 alone.
  ...(process.platform === 'linux' && process.arch === 'x64'
    ? [
        {
          what: 'f16 on an adapter without it',
          flags: () => ({ adapter: 'swiftshader', precision: 'f16' }),
          says: /precision f16: SwiftShader.* has no shader-f16/,
        },
      ]
    : []),
  { what: 'an unknown precision', flags: () => ({ precision: 'f8' }), says: /precision.*f8.*f32, f16/ },
  { what: 'an unknown emotion', flags: () => ({ emotion: 'bored' }), says: /emotion.*bored.*angry/ },
  { what: 'an impossible NFE', flags: () => ({ nfe: '1' }), says: /nfe.*whole number from 2/ },
];

describe('bad input to float animate', () => {
  it.each(cases)('$what: one line, status 2, nothing left behind', async ({ flags, says }) => {
    const folder = emptyFolder();
    const given = flags();
    const all: Record<string, string | true> = {
      image: portrait,
      audio: speech,
      out: join(folder, 'out.mp4'),
      ...given,
    };
    const args = Object.entries(all).flatMap(([name, value]) =>
      value === true ? [`--${name}`] : [`--${name}`, value],
    );
    const before = readdirSync(inputs);
    const { status, stdout, stderr } = await runFloat(['animate', ...args]);
    const lines = stderr.split('\n').filter((line) => line !== '');
    expect(lines).toEqual([expect.stringMatching(says)]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(readdirSync(folder)).toEqual([]);
    expect(readdirSync(inputs)).toEqual(before);
    rmSync(folder, { recursive: true });
  });
});
