import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { writeManifest } from '../../src/node/dataset-files.js';
import { openWeights } from '../../src/node/weights.js';
import { encodersOf } from '../../src/train/encoders.js';
import { tinyClips } from '../train/tiny-dataset.js';
import { emptyFolder, example, golden, runFloat } from './run.js';

const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const weights = golden('tiny/weights.json');
let data: string;

/** A data set of noise in the sizes of the golden tiny model. */
async function makeData(frames: readonly number[], change: object = {}): Promise<string> {
  const folder = emptyFolder();
  const opened = await openWeights(weights);
  const { manifest, files } = tinyClips(opened.model, frames);
  for (const [name, bytes] of files) writeFileSync(join(folder, name), bytes);
  const clips = manifest.clips.map((clip) => ({ ...clip, sha256: hash(files.get(clip.file)!) }));
  await writeManifest(folder, {
    ...manifest,
    encoders: await encodersOf(opened.weights, hash),
    clips,
    ...change,
  });
  await opened.close();
  return folder;
}

beforeAll(async () => {
  data = await makeData([9, 30, 14, 12]);
});

const adapter = process.env['FLOAT_TEST_ADAPTER'] ?? 'software';
const args = (out: string, ...more: string[]) => [
  ...['train', 'fmt', '--data', data, '--out', out, '--weights', weights, '--adapter', adapter],
  ...['--batch', '4', '--evaluate-every', '0', ...more],
];
const read = (folder: string, step: number) =>
  readFileSync(join(folder, `step-${String(step).padStart(6, '0')}.safetensors`));

describe('float train fmt', () => {
  it('killed while it works and resumed, ends with the checkpoint of a run that was not; it keeps the last ones', async () => {
    const [whole, killed] = [join(emptyFolder(), 'run'), join(emptyFolder(), 'run')];
    const options = ['--steps', '40', '--save-every', '5', '--keep', '2'];
    const done = await runFloat(args(whole, ...options));
    expect(done.stderr).toContain('after step 40 of 40');
    expect(done.status).toBe(0);
    expect(readdirSync(whole).sort()).toEqual([
      'held-out.csv',
      'log.csv',
      'step-000035.optimiser.safetensors',
      'step-000035.safetensors',
      'step-000040.optimiser.safetensors',
      'step-000040.safetensors',
    ]);

    const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
    const child = spawn(process.execPath, [main, ...args(killed, ...options)], { stdio: 'ignore' });
    await new Promise((resolve) => {
      const poll = setInterval(() => {
        if (existsSync(join(killed, 'step-000005.safetensors'))) child.kill('SIGKILL');
      }, 5);
      child.on('close', () => resolve(clearInterval(poll)));
    });
    const left = readdirSync(killed).filter((name) => /^step-\d+\.safetensors$/.test(name));
    expect(left).not.toContain('step-000040.safetensors');
    const resumed = await runFloat(args(killed, ...options, '--resume'));
    expect(resumed.stderr).toMatch(/going on after step \d+/);
    expect(resumed.status).toBe(0);
    expect(read(killed, 40).equals(read(whole, 40))).toBe(true);
    const lines = readFileSync(join(killed, 'log.csv'), 'utf8').trim().split('\n');
    expect(lines.slice(1).map((line) => Number(line.split(',')[0]))).toEqual(
      Array.from({ length: 40 }, (_, i) => i + 1),
    );
    expect(readdirSync(killed).filter((name) => name.includes('.partial-'))).toEqual([]);

    const inspected = await runFloat(['inspect', join(whole, 'step-000040.safetensors')]);
    expect(inspected.status).toBe(0);
    const again = await runFloat(args(whole, ...options));
    expect(again.stderr).toBe(
      `float: ${whole}: there is a run at step 40; expected --resume, or a new folder\n`,
    );
    expect(again.status).toBe(2);
    const other = await runFloat(args(whole, '--resume', '--steps', '40', '--rate', '0.5'));
    expect(other.stderr).toBe(`float: --resume: ${whole}: rate is 0.001 in the run, and 0.5 was asked for\n`);
    expect(other.status).toBe(2);
    expect(read(whole, 40).equals(read(killed, 40))).toBe(true);
  });

  it('saves when it is interrupted', async () => {
    const out = join(emptyFolder(), 'run');
    const log = join(out, 'log.csv');
    const begun = () => existsSync(log) && readFileSync(log, 'utf8').split('\n').length > 4;
    const { status, stderr } = await runFloat(args(out, '--steps', '100000'), {}, begun);
    expect(status === null || status === 130).toBe(true);
    const [, step] = /after step (\d+) of 100000/.exec(stderr) ?? [];
    expect(stderr).toContain('float: interrupted');
    expect(read(out, Number(step)).length).toBeGreaterThan(0);
    expect(readFileSync(log, 'utf8').trim().split('\n').at(-1)?.split(',')[0]).toBe(step);
  });

  it('trains a diffusion of other sizes, samples it with DDIM, and animates', async () => {
    const [out, folder] = [join(emptyFolder(), 'run'), emptyFolder()];
    const config = join(folder, 'settings.json');
    writeFileSync(config, JSON.stringify({ model: { dim_h: 24, fmt_depth: 1 }, objective: 'sample' }));
    const trained = await runFloat(args(out, '--config', config, '--steps', '2', '--evaluate-every', '2'));
    expect(trained.stderr).toMatch(
      /step 2: loss [\d.]+; held out: motion r -?[\d.]+, of another utterance NaN\n/,
    );
    const checkpoint = join(out, 'step-000002.safetensors');
    const frames = join(folder, 'frames');
    const inputs = ['--image', example('portraits/portrait1.png'), '--audio', golden('tiny/wave.wav')];
    const animated = await runFloat([
      ...[
        'animate',
        ...inputs,
        '--weights',
        checkpoint,
        '--frames-dir',
        frames,
        '--size',
        '64',
        '--adapter',
        adapter,
      ],
    ]);
    expect(animated.status).toBe(0);
    expect(readdirSync(frames).length).toBeGreaterThan(10);
  });

  it('names step and term when it diverges, and overwrites nothing', async () => {
    const out = join(emptyFolder(), 'run');
    const config = join(emptyFolder(), 'settings.json');
    writeFileSync(config, JSON.stringify({ rate: 1e30, warmup: 0, ema: 0 }));
    const { status, stderr } = await runFloat(args(out, '--config', config, '--steps', '50'));
    expect(stderr).toMatch(
      /\nfloat: training diverged at step \d+: (the main term|the velocity term|the gradient) is .*; last checkpoint: none was written yet\n$/,
    );
    expect(status).toBe(1);
    expect(readdirSync(out).filter((name) => name.endsWith('.safetensors'))).toEqual([]);
  });

  it('refuses what cannot be trained on, in a line', async () => {
    const config = join(emptyFolder(), 'settings.json');
    writeFileSync(config, JSON.stringify({ drop: { audio: 2 } }));
    const unknown = join(emptyFolder(), 'settings.json');
    writeFileSync(unknown, JSON.stringify({ learning_rate: 1 }));
    const oneFrame = await makeData([1, 9]);
    const heldOutOnly = await makeData([9], {
      clips: [
        {
          file: 'clip0.safetensors',
          sha256: '0'.repeat(64),
          frames: 9,
          split: 'held-out',
          identity: '',
          utterance: '',
        },
      ],
    });
    const encoders = await makeData([9], { encoders: 'others' });
    const damaged = await makeData([9, 9]);
    writeFileSync(join(damaged, 'clip0.safetensors'), readFileSync(join(damaged, 'clip1.safetensors')));
    const empty = emptyFolder();
    const cases: [data: string, options: string[], message: string][] = [
      [
        empty,
        [],
        `${empty}: expected a data set, with manifest.json (\`float prepare\` writes it last: was it interrupted?)`,
      ],
      [oneFrame, [], `${oneFrame}: clip0.safetensors: expected at least 2 frames, got 1`],
      [heldOutOnly, [], `${heldOutOnly}: expected clips to train on, got only held-out ones`],
      [encoders, [], `${encoders}: it was prepared with other encoders than those of ${weights}`],
      [
        damaged,
        [],
        `${damaged}/clip0.safetensors: its hash is not the one in manifest.json: changed, or damaged`,
      ],
      [data, ['--config', config], `${config}: drop.audio: expected a number from 0 to 1, got 2`],
      [data, ['--config', unknown], `${unknown}: learning_rate: there is no such setting`],
      [data, ['--accumulate', '3'], 'batch 4 cannot be computed in 3 equal pieces (accumulate)'],
      [data, ['--resume'], '--resume: OUT: expected a run, found neither log nor checkpoint'],
    ];
    await Promise.all(
      cases.map(async ([folder, options, message]) => {
        const out = join(emptyFolder(), 'run');
        const { status, stderr } = await runFloat([
          ...args(out, '--steps', '1', '--quiet', ...options),
          '--data',
          folder,
        ]);
        expect(stderr).toBe(`float: ${message.replace('OUT', out)}\n`);
        expect(status).toBe(2);
      }),
    );
  });
});
