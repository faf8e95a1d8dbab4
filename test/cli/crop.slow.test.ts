import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Picture } from '../../src/media/picture.js';
import { readPng, writePng } from '../../src/node/png.js';
import { emptyFolder, example, golden, runFloat } from './run.js';

const adapter = ['--adapter', process.env['FLOAT_TEST_ADAPTER'] ?? 'software'];
const tiny = [...adapter, '--audio', golden('tiny/wave.wav'), '--weights', golden('tiny')];

let folder: string;
/** 121×90, without a face. */
let portrait: Picture;
let portraitPath: string;
beforeAll(async () => {
  folder = emptyFolder();
  const data = Uint8Array.from({ length: 121 * 90 * 3 }, (_, i) => (i * 7 + (i >> 4)) % 200);
  portrait = { width: 121, height: 90, data };
  portraitPath = join(folder, 'wall.png');
  await writePng(portraitPath, portrait);
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Case {
  readonly what: string;
  readonly flags: readonly string[];
  readonly says: RegExp;
}

const cases: readonly Case[] = [
  {
    what: 'a crop of two numbers',
    flags: ['--crop', '10,20'],
    says: /--crop.*Expected auto, none or X,Y,SIZE/,
  },
  { what: 'a crop of fractions', flags: ['--crop', '1.5,2,30'], says: /--crop.*whole pixels/ },
  { what: 'a crop of no size', flags: ['--crop', '1,2,0'], says: /--crop.*X,Y,SIZE/ },
  { what: 'an enormous crop', flags: ['--crop', '0,0,99999'], says: /--crop.*X,Y,SIZE/ },
  {
    what: 'a crop outside of the picture',
    flags: ['--crop', '121,0,30'],
    says: /--crop 121,0,30 lies outside of .*wall\.png, 121x90 pixels/,
  },
  {
    what: 'a crop left of the picture',
    flags: ['--crop', '-30,0,30'],
    says: /--crop -30,0,30 lies outside of .*wall\.png/,
  },
  { what: 'face number nought', flags: ['--face', '0'], says: /--face.*whole number from 1/ },
  {
    what: 'a face and a crop',
    flags: ['--face', '2', '--crop', '0,0,50'],
    says: /--face 2: expected with --crop auto only/,
  },
  {
    what: 'no face where one is wanted',
    flags: ['--crop', 'auto'],
    says: /wall\.png: no face found; pass --crop X,Y,SIZE .*or --crop none/,
  },
  {
    what: 'a face that is not there',
    flags: ['--image', example('portraits/portrait1.png'), '--face', '2'],
    says: /portrait1\.png: --face 2, but only 1 found/,
  },
];

describe('bad input to --crop and --face', () => {
  it.each(cases)('$what: one line, status 2, nothing left behind', async ({ flags, says }) => {
    const out = join(folder, 'out.mp4');
    const args = ['animate', ...tiny, '--image', portraitPath, '--out', out, ...flags];
    const { status, stdout, stderr } = await runFloat(args);
    const lines = stderr.split('\n').filter((line) => line !== '');
    expect(lines).toEqual([expect.stringMatching(says)]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(readdirSync(folder)).toEqual(['wall.png']);
  });
});

describe('--paste-back', () => {
  it('keeps the portrait’s size and, outside the square, its pixels', async () => {
    const frames = join(folder, 'frames');
    const flags = ['--image', portraitPath, '--crop', '70,-6,60', '--paste-back', '--frames-dir', frames];
    const { status, stderr } = await runFloat(['animate', ...tiny, ...flags]);
    expect(status, stderr).toBe(0);
    const frame = await readPng(join(frames, 'frame000010.png'));
    expect([frame.width, frame.height]).toEqual([121, 90]);
    let changed = 0;
    for (let at = 0; at < 121 * 90; at++) {
      const [x, y] = [at % 121, Math.floor(at / 121)];
      const same = [0, 1, 2].every((c) => frame.data[at * 3 + c] === portrait.data[at * 3 + c]);
      if (x < 70 || y >= 54) expect(same, `pixel ${x},${y}`).toBe(true);
      else if (!same) changed++;
    }
    expect(changed).toBeGreaterThan(1000);
    rmSync(frames, { recursive: true });
  });

  it('with --size makes the longer side so long', async () => {
    const frames = join(folder, 'small');
    const motion = join(folder, 'motion.safetensors');
    const flags = ['--image', portraitPath, '--paste-back', '--size', '64', '--frames-dir', frames];
    const { status, stderr } = await runFloat(['animate', ...tiny, ...flags, '--motion-out', motion]);
    expect(status, stderr).toBe(0);
    const frame = await readPng(join(frames, 'frame000000.png'));
    expect([frame.width, frame.height]).toEqual([64, 48]);
    expect(existsSync(motion)).toBe(true);
  });
});
