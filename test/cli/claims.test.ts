import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkClaims } from '../../src/cli/claims.js';
import { claimOutputs } from '../../src/cli/outputs.js';
import { madeBy } from '../../src/node/made-by.js';
import { writeSafetensors } from '../../src/weights/safetensors.js';
import { emptyFolder } from './run.js';

let folder: string;
beforeEach(() => {
  folder = realpathSync(emptyFolder());
  for (const file of ['face.png', 'speech.wav', 'motion.safetensors', 'sizes.json', 'old.mp4']) {
    writeFileSync(at(file), file);
  }
  for (const inner of ['weights', 'weights/part', 'v1.2']) mkdirSync(at(inner));
  for (const file of ['config.json', 'model.safetensors', 'part/pytorch.safetensors']) {
    writeFileSync(at('weights', file), file);
  }
  writeFileSync(at('single.safetensors'), 'weights');
  writeFileSync(at('single.json'), 'its sizes');
});
afterEach(() => rmSync(folder, { recursive: true }));

const at = (...parts: string[]) => join(folder, ...parts);

/** What `float animate` with these outputs is told; undefined where it goes on. */
async function told(outputs: Record<string, string | boolean>, inputs: Record<string, string> = {}) {
  const before = listing();
  const flags = {
    image: at('face.png'),
    audio: at('speech.wav'),
    weights: at('weights'),
    motionIn: at('motion.safetensors'),
    ...inputs,
    ...outputs,
  };
  try {
    (await claimOutputs(flags))?.abandon();
    return undefined;
  } catch (error) {
    expect(listing()).toEqual(before);
    expect(error).toMatchObject({ name: 'InputError' });
    return (error as Error).message;
  }
}
const listing = () => readdirSync(folder, { recursive: true }).sort();
const posix = process.platform !== 'win32';

describe('an output is never an input', () => {
  it.each([
    ['the portrait', { out: 'a.mp4' }, { image: 'a.mp4' }],
    ['the recording', { out: 'a.m4v' }, { audio: 'a.m4v' }],
    ['the motion', { motionOut: 'motion.safetensors' }, {}],
    ['the sizes', { motionOut: 'm.safetensors', profile: 'sizes.json' }, { config: 'sizes.json' }],
    ['weights in a folder', { motionOut: 'weights/model.safetensors' }, {}],
    ['weights in a folder of it', { motionOut: 'weights/part/pytorch.safetensors' }, {}],
    ['sizes in the folder', { out: 'b.mp4', profile: 'weights/config.json' }, {}],
    ['the file of weights', { motionOut: 'single.safetensors' }, { weights: 'single.safetensors' }],
    ['sizes beside them', { out: 'b.mp4', profile: 'single.json' }, { weights: 'single.safetensors' }],
    ['another spelling', { motionOut: 'weights/../weights/./part/..//../motion.safetensors' }, {}],
  ])('%s', async (_, outputs, inputs) => {
    if (Object.values<string>(inputs).some((file) => file.startsWith('a.'))) {
      writeFileSync(at(Object.values<string>(inputs)[0]!), 'an input');
    }
    const absolute = (paths: Record<string, string>) =>
      Object.fromEntries(Object.entries(paths).map(([name, path]) => [name, `${folder}/${path}`]));
    expect(await told(absolute(outputs), absolute(inputs))).toMatch(
      /^--(out|motion-out|profile) .* would overwrite --(image|audio|motion-in|weights|config) /,
    );
  });

  it.runIf(posix)('through links of either kind, from either side', async () => {
    writeFileSync(at('video.mp4'), 'an input');
    symlinkSync('video.mp4', at('soft.mp4'));
    symlinkSync(at('soft.mp4'), at('softer.mp4'));
    linkSync(at('video.mp4'), at('hard.mp4'));
    symlinkSync(folder, at('weights/loop'));
    for (const out of ['soft.mp4', 'softer.mp4', 'hard.mp4', 'weights/loop/video.mp4']) {
      expect(await told({ out: at(out) }, { image: at('video.mp4') }), out).toMatch(
        /would overwrite --image/,
      );
      expect(await told({ out: at('video.mp4') }, { audio: at(out) }), out).toMatch(
        /would overwrite --audio/,
      );
    }
    symlinkSync(at('old.mp4'), at('weights/blob.safetensors'));
    expect(await told({ out: at('old.mp4') })).toMatch(/would overwrite --weights/);
  });

  it('a frame neither', async () => {
    mkdirSync(at('frames'));
    copyFileSync(at('face.png'), at('frames/frame000003.png'));
    const flags = { framesDir: at('frames'), cleanFrames: true };
    expect(await told(flags, { image: at('frames/frame000003.png') })).toMatch(
      /^--frames-dir .* would overwrite --image /,
    );
  });

  it.runIf(posix)('nor the link by which an input is reached from the folder of the frames', async () => {
    mkdirSync(at('frames'));
    symlinkSync(at('face.png'), at('frames/frame000003.png'));
    const flags = { framesDir: at('frames'), cleanFrames: true };
    expect(await told(flags, { image: at('frames/frame000003.png') })).toMatch(/would overwrite --image /);
    expect(await told(flags)).toBeUndefined();
  });

  it('of convert', async () => {
    const claims = (out: string) =>
      checkClaims({
        weights: { input: [at('weights'), at('single.safetensors')] },
        outputs: { '--out': [out, '.safetensors', '.json'] },
      });
    await expect(claims(at('weights/model.safetensors'))).rejects.toThrow(/^--out .* would overwrite input /);
    await expect(claims(at('single.json'))).rejects.toThrow(/^--out .* would overwrite input /);
    await claims(at('weights/new.safetensors'));
    // So that it can be given again.
    writeFileSync(at('weights/new.safetensors'), writeSafetensors({}, madeBy));
    await claims(at('weights/new.safetensors'));
    await expect(
      checkClaims({
        weights: { input: [at('weights/new.safetensors')] },
        outputs: { '--out': [at('weights/new.safetensors'), '.safetensors'] },
      }),
    ).rejects.toThrow(/would overwrite input/);
  });

  it('but what was made before is replaced', async () => {
    expect(await told({ out: at('old.mp4') })).toBeUndefined();
    copyFileSync(at('old.mp4'), at('weights/old.mp4'));
    expect(await told({ out: at('weights/old.mp4') })).toBeUndefined();
  });
});

describe('an output is never another output', () => {
  it('in whatever spelling', async () => {
    const two = (first: string, second: string) =>
      checkClaims({ weights: {}, outputs: { '--a': [first, '.json'], '--b': [second, '.json'] } });
    await expect(two(at('x.json'), at('weights/../x.json'))).rejects.toThrow(
      /^--a .* and --b .* are the same file$/,
    );
    await expect(two(at('x.json'), at('X.JSON'))).rejects.toThrow(/same file/);
    await expect(two(at('é.json'), at('e\u0301.json'))).rejects.toThrow(/same file/);
    await expect(two('-', '-')).rejects.toThrow(/same file/);
    if (posix) {
      symlinkSync('x.json', at('dangling.json'));
      await expect(two(at('x.json'), at('dangling.json'))).rejects.toThrow(/same file/);
      linkSync(at('single.json'), at('hard.json'));
      await expect(two(at('hard.json'), at('single.json'))).rejects.toThrow(/same file/);
    }
    await two(at('x.json'), at('weights/x.json'));
  });

  it('nor the folder of the frames, nor where the result goes', async () => {
    const framesDir = at('frames');
    expect(await told({ framesDir, out: `${folder}/weights/../frames` })).toMatch(
      /^--out .* and --frames-dir .* are the same place$/,
    );
    expect(await told({ framesDir: '' })).toBe('--frames-dir: expected a folder, got an empty name');
    expect(await told({ framesDir: '-' })).toBe('--frames-dir: expected a folder, got -');
    expect(await told({ out: '-', json: true })).toBe('--out - and --json both write to standard output');
  });
});

describe('what cannot be written is told at once', () => {
  it.each([
    ['', /without a name/],
    ['new.mp4/', /cannot write .*new\.mp4\/: the name of a file ends in no slash/],
    ['caf\ufffd.mp4', /cannot write .*: its name is not UTF-8$/],
    ['nowhere/new.mp4', /cannot write .*nowhere\/new\.mp4: no such file or directory/],
    ['face.png/new.mp4', /cannot write .*: a part of the path is not a directory/],
    ['weights', /cannot write .*weights: it is a directory/],
    ['.', /cannot write .*: it is a directory/],
    [`${'x'.repeat(253)}.mp4`, /cannot write .*: the name is too long/],
    ...['webm', 'gif', 'avi', 'mkv', 'mov', 'png', 'mp4.part'].map((ending): [string, RegExp] => [
      `new.${ending}`,
      /^--out: expected a name that ends in \.mp4 or \.m4v, got /,
    ]),
  ])('--out %s', async (out, message) => {
    expect(await told({ out: out === '' ? '' : `${folder}/${out}` })).toMatch(message);
  });

  it('endings of other formats, of each output', async () => {
    expect(await told({ motionOut: at('x.png') })).toMatch(/^--motion-out: .* ends in \.safetensors, got /);
    expect(await told({ out: at('x.mp4'), profile: at('x.html') })).toMatch(
      /^--profile: .* ends in \.json, got /,
    );
    for (const out of ['x.MP4', 'x.m4v', 'no ending', '.mp4', 'v1.2/x']) {
      expect(await told({ out: at(out) }), out).toBeUndefined();
    }
  });

  it.runIf(posix)('devices, sockets, ends of links', async () => {
    const server = createServer().listen(at('socket.mp4'));
    await new Promise((listening) => server.once('listening', listening));
    symlinkSync('/dev/null', at('null.mp4'));
    symlinkSync('ring.mp4', at('ring.mp4'));
    symlinkSync('nowhere/x.mp4', at('lost.mp4'));
    symlinkSync('new.webm', at('other.mp4'));
    try {
      expect(await told({ out: '/dev/null' })).toBe('cannot write /dev/null: it is a device');
      expect(await told({ out: at('null.mp4') })).toMatch(/: it is a device$/);
      expect(await told({ out: at('socket.mp4') })).toMatch(/: it is a socket$/);
      expect(await told({ out: at('ring.mp4') })).toMatch(/: too many links$/);
      expect(await told({ out: at('lost.mp4') })).toMatch(/: no such file or directory$/);
      expect(await told({ out: at('other.mp4') })).toMatch(/ends in \.mp4 or \.m4v, got .*new\.webm$/);
      expect(await told({ out: '/dev/stdin' })).toMatch(/: it is standard input$/);
      expect(await told({ out: '/dev/stderr' })).toMatch(/: it is standard error, where messages go$/);
      expect(await told({ out: '/dev/fd/977' })).toMatch(/: no such descriptor is open$/);
    } finally {
      server.close();
    }
    symlinkSync('new.mp4', at('ahead.mp4'));
    execFileSync('mkfifo', [at('pipe.mp4')]);
    for (const out of ['ahead.mp4', 'pipe.mp4']) expect(await told({ out: at(out) }), out).toBeUndefined();
  });
});

describe('the folder of the frames', () => {
  it('is made, with the folders it lies in, and taken away again when the command is refused', async () => {
    const framesDir = at('new/er/frames');
    expect(await told({ framesDir, out: at('x.gif') })).toMatch(/ends in/);
    const made = await claimOutputs({
      image: '',
      audio: '',
      weights: '',
      framesDir,
      out: join(framesDir, 'x.mp4'),
    });
    expect(readdirSync(at('new/er'))).toEqual(['frames']);
    made!.abandon();
    expect(readdirSync(folder)).not.toContain('new');
    expect(await told({ framesDir: `${folder}/a/../b/./c` })).toBeUndefined();
  });

  it('holds no frames of an earlier run, unless they are to be removed', async () => {
    mkdirSync(at('frames'));
    for (const name of ['frame000000.png', 'frame1000000.png', 'frame1.png', 'notes.txt']) {
      writeFileSync(at('frames', name), name);
    }
    const framesDir = at('frames');
    expect(await told({ framesDir })).toMatch(
      /^.*frames: 2 frames of an earlier run \(frame000000\.png …\); .*--clean-frames$/,
    );
    const frames = await claimOutputs({ image: '', audio: '', weights: '', framesDir, cleanFrames: true });
    expect(readdirSync(framesDir).length).toBe(4);
    await frames!.addFrame({ width: 1, height: 1, data: new Uint8Array(3) });
    expect(readdirSync(framesDir).sort()).toEqual(['frame000000.png', 'frame1.png', 'notes.txt']);
    expect(readFileSync(at('frames/frame000000.png')).toString('latin1')).toMatch(/^.PNG/);
    // Another run has begun in the same folder meanwhile.
    writeFileSync(at('frames/frame000001.png'), 'its second');
    await expect(frames!.addFrame({ width: 1, height: 1, data: new Uint8Array(3) })).rejects.toThrow(
      /^cannot write .*frame000001\.png: a file of that name is in the way$/,
    );
    expect(readFileSync(at('frames/frame000001.png'), 'utf8')).toBe('its second');
    rmSync(at('frames/frame000001.png'));
    frames!.abandon();
    expect(readdirSync(framesDir).length).toBe(3);
    writeFileSync(at('frames/FRAME000001.png'), 'not ours');
    expect(await told({ framesDir, cleanFrames: true })).toMatch(/2 frames of an earlier run \(FRAME000001/);
    expect(await told({ out: at('x.mp4'), cleanFrames: true })).toBe(
      '--clean-frames: only with --frames-dir',
    );
  });
});
