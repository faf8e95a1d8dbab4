import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWeights } from '../../src/node/weights.js';
import { toFloat32 } from '../../src/weights/dtype.js';
import { fromFloat32 } from '../../src/weights/encode.js';
import { fixture } from '../weights/torch-fixtures.js';
import { concat, op, pickled, torchArchive } from '../weights/torch-writer.js';
import { emptyFolder, golden, runFloat } from './run.js';

const tiny = fixture('tiny');
const tinyConfig = golden('tiny/weights.json');
const speech = join(tiny, 'wav2vec2-base-960h');
const emotion = join(tiny, 'wav2vec-english-speech-emotion-recognition');

let folder: string;
beforeAll(() => {
  folder = emptyFolder();
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Converts and compares every tensor with golden/tiny, rounded to `dtype`. */
async function converts(inputs: string[], dtype: 'F32' | 'F16' | 'BF16' = 'F32', config: string[] = []) {
  const out = join(folder, 'out.safetensors');
  const args = ['convert', ...inputs, '--out', out, '--dtype', dtype.toLowerCase(), ...config];
  const { status, stderr } = await runFloat(args);
  expect({ status, stderr }).toEqual({
    status: 0,
    stderr: expect.stringMatching(
      /^.*out\.safetensors: 287 tensors, 0\.\d MB in .* s\n(left out .*\n)?$/,
    ) as string,
  });
  const expected = await openWeights(golden('tiny'));
  // What is written needs no configuration beside it.
  const converted = await openWeights(out);
  expect(converted.model).toEqual(expected.model);
  expect(converted.weights.tensors.size).toBe(expected.weights.tensors.size);
  for (const name of expected.weights.tensors.keys()) {
    const values = await expected.weights.read(name);
    expect(converted.weights.tensors.get(name)?.dtype).toBe(dtype);
    const rounded = toFloat32(Uint8Array.from(fromFloat32(values, dtype, name)), dtype, name);
    expect(await converted.weights.read(name)).toEqual(rounded);
  }
  await expected.close();
  await converted.close();
  rmSync(out);
  expect(readdirSync(folder).filter((name) => name.includes('out'))).toEqual([]);
}

describe('float convert', () => {
  it('makes golden/tiny of float.pth and two folders, in one folder', () => converts([tiny]));

  it('makes it of them one by one, in any order', () => converts([speech, join(tiny, 'float.pth'), emotion]));

  it.each(['F16', 'BF16'] as const)('writes %s', (dtype) => converts([tiny], dtype));

  it('takes safetensors and the .pth of a part together', () =>
    converts([golden('tiny/weights.safetensors'), join(speech, 'pytorch_model.bin')], 'F32', [
      '--config',
      tinyConfig,
    ]));

  it('takes its own output, and synthetic weights', async () => {
    await converts([tinyConfig]);
    const again = join(folder, 'again.safetensors');
    await runFloat(['convert', tiny, '--out', again]);
    await converts([again]);
  });

  it('makes the same again where its output lies in the folder it reads', async () => {
    const own = join(folder, 'own');
    cpSync(tiny, own, { recursive: true });
    // Of that name a file would count before float.pth.
    const path = join(own, 'float.safetensors');
    const files: Buffer[] = [];
    for (let run = 0; run < 2; run++) {
      const { status, stderr } = await runFloat(['convert', own, '--out', path]);
      expect(status, stderr).toBe(0);
      files.push(readFileSync(path));
    }
    expect(files[1]!.equals(files[0]!)).toBe(true);
    expect(files[0]!.toString('latin1', 8, 60)).toContain('"made_by":"float"');
    rmSync(own, { recursive: true });
  });

  it('writes to standard output, and nothing else there', () => {
    const path = join(folder, 'piped.safetensors');
    const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
    const args = [main, 'convert', '--quiet', tiny, '--out'];
    const run = (out: string) => spawnSync(process.execPath, [...args, out], { maxBuffer: 2 ** 26 });
    const piped = run('-');
    expect([piped.status, piped.stderr.toString()]).toEqual([0, '']);
    expect(run(path).status).toBe(0);
    expect(piped.stdout.equals(readFileSync(path))).toBe(true);
    rmSync(path);
    // A log that would be mixed into it is not one.
    const mixed = [
      '-c',
      'exec "$0" "$@" 2>&1 | cat',
      process.execPath,
      ...args.filter((arg) => arg !== '--quiet'),
      '-',
    ];
    expect(spawnSync('sh', mixed).stdout.toString()).toMatch(
      /^float: --out - and standard error go to the same place\n$/,
    );
  });

  it('opens the originals wherever weights are wanted', async () => {
    const { status, stdout } = await runFloat(['inspect', tiny]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/\nmotion_autoencoder: complete\n.*: complete\n.*: complete\nfmt: complete\n$/);
  });
});

describe('bad input to float convert', () => {
  const cases: [string, () => string[], RegExp][] = [
    ['no inputs', () => [], /missing required argument/],
    ['a missing file', () => [join(folder, 'none.pth')], /none\.pth: cannot read: no such file/],
    [
      'a folder of something else',
      () => {
        mkdirSync(join(folder, 'empty'));
        return [join(folder, 'empty')];
      },
      /empty: expected weights\.safetensors, .* or pytorch_model\.bin in this directory/,
    ],
    [
      'a part alone',
      () => [speech],
      /pytorch_model\.bin: float\.pth is missing: .*; the emotion folder is missing: /,
    ],
    [
      'a part twice',
      () => [tiny, speech],
      /pytorch_model\.bin and .*pytorch_model\.bin both hold "wav2vec2\..*: give one of them/,
    ],
    [
      'the wrong sizes',
      () => [join(tiny, 'float.pth'), speech, emotion, '--config', golden('full/weights.json')],
      /mis/,
    ],
    [
      'a command in a pickle',
      () => [fixture('malicious.pth')],
      /data\.pkl: posix\.system is not allowed in a check/,
    ],
    [
      'an unknown dtype',
      () => [tiny, '--dtype', 'f8'],
      /--dtype <type>' argument 'f8' is invalid\. Allowed choices are f32, f16, bf16/,
    ],
    [
      'a pickle of a class',
      () => {
        const path = join(folder, 'class.pth');
        const args = op.global('subprocess', 'Popen');
        writeFileSync(path, torchArchive({}, {}, pickled(op.dict(op.string('args'), concat(args)))));
        return [path];
      },
      /class\.pth: data\.pkl: subprocess\.Popen is not allowed in a checkpoint/,
    ],
    [
      'half a checkpoint file',
      () => {
        const half = join(folder, 'half');
        cpSync(tiny, half, { recursive: true });
        writeFileSync(join(half, 'float.pth'), readFileSync(join(tiny, 'float.pth')).subarray(0, 300000));
        return [half];
      },
      /float\.pth: damaged zip archive: it has no directory at its end \(cut short\?\)/,
    ],
    [
      'a broken configuration beside',
      () => {
        const broken = join(folder, 'broken');
        cpSync(tiny, broken, { recursive: true });
        writeFileSync(join(broken, 'wav2vec2-base-960h', 'config.json'), '{"hidden_size": "large"}');
        return [broken];
      },
      /config\.json: wav2vec2\.hidden_size: expected an integer from 1 to 65536, got "large"/,
    ],
    [
      'a number that float16 does not hold',
      () => {
        const large = join(folder, 'large');
        mkdirSync(large);
        copyFileSync(tinyConfig, join(large, 'weights.json'));
        const text = readFileSync(tinyConfig, 'utf8');
        writeFileSync(join(large, 'weights.json'), text.replace(/"scale": [\d.]+/, '"scale": 1000000'));
        return [large, '--dtype', 'f16'];
      },
      /tensor "motion_autoencoder\..*": element \d+ is .*, expected a finite number that F16 holds/,
    ],
  ];

  it.each(cases)('%s: one line, status 2, nothing left behind', async (_, inputs, says) => {
    const out = emptyFolder();
    const { status, stdout, stderr } = await runFloat([
      'convert',
      ...inputs(),
      '--out',
      join(out, 'x.safetensors'),
    ]);
    expect(stderr).toMatch(/^float: .*\n$/);
    expect(stderr).toMatch(says);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(readdirSync(out)).toEqual([]);
    rmSync(out, { recursive: true });
  });

  it('an output that cannot be written', async () => {
    const to = async (out: string) => (await runFloat(['convert', tiny, '--out', out])).stderr;
    expect(await to(join(folder, 'nowhere', 'x.safetensors'))).toMatch(
      /^float: cannot write .*no such file or dir.*\n$/,
    );
    expect(await to(join(folder, 'x.pth'))).toMatch(
      /^float: --out: expected a name that ends in \.safetensors, got/,
    );
    mkdirSync(join(folder, 'taken.safetensors'));
    expect(await to(join(folder, 'taken.safetensors'))).toMatch(
      /^float: cannot write .*: it is a directory\n$/,
    );
  });
});
