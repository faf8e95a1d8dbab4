import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emptyFolder, golden } from './run.js';

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
const float = join(dist, 'cli/main.js');

let folder: string;
beforeAll(() => {
  folder = emptyFolder();
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Ended {
  /** As a shell shows it. */
  readonly status: string;
  readonly stderr: string;
}

/**
 * Runs a shell command; `$node` and `$float` are what to run. The signals are sent to the program that the shell
 * became, each once standard error holds the text beside it.
 */
function runShell(
  command: string,
  options: { signals?: readonly (readonly [NodeJS.Signals, string])[]; env?: NodeJS.ProcessEnv } = {},
): Promise<Ended> {
  const child = spawn('sh', ['-c', command], {
    cwd: folder,
    env: { ...process.env, node: process.execPath, float, ...options.env },
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let stderr = '';
  const waiting = [...(options.signals ?? [])];
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    while (waiting[0] && stderr.includes(waiting[0][1])) child.kill(waiting.shift()![0]);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (code, signal) => {
      resolve({ status: String(code ?? signal), stderr });
    });
  });
}

/** A program that ends as the command does, with a temporary file `unfinished` and a line of progress. */
function program(work: string): string {
  const code = `
    import { open, writeFile } from 'node:fs/promises';
    import { endWell } from ${JSON.stringify(join(dist, 'cli/ending.js'))};
    import { createPartial } from ${JSON.stringify(join(dist, 'node/partial-file.js'))};
    import { InputError } from ${JSON.stringify(join(dist, 'base/errors.js'))};
    const forever = () => new Promise((resolve) => setTimeout(resolve, 1e9));
    const ready = () => process.stderr.write('ready\\n');
    const endingOf = (error) => ({ status: error instanceof InputError ? 2 : 1, line: error.message });
    await endWell(async (signal) => {
      const partial = await createPartial('unfinished');
      ${work}
    }, endingOf);`;
  const path = join(folder, `program-${programs++}.mjs`);
  writeFileSync(path, code);
  return path;
}
let programs = 0;

const unfinished = () => readdirSync(folder).filter((name) => name.includes('partial'));
const untilAborted = `await new Promise((resolve) => { signal.addEventListener('abort', resolve); setTimeout(resolve, 1e9); ready(); });`;

// Signals, pipes and shells are other things under Windows.
describe.runIf(process.platform !== 'win32')('a command ends', () => {
  it.each([
    ['SIGINT', '130', 'float: interrupted'],
    ['SIGTERM', '143', 'float: ended by SIGTERM'],
    ['SIGHUP', '129', 'float: ended by SIGHUP'],
    ['SIGQUIT', '131', 'float: ended by SIGQUIT'],
  ] as const)('after %s with status %s, when it has put things away', async (signal, status, line) => {
    const work = `${untilAborted} await partial.discard(); process.stderr.write('put away\\n'); signal.throwIfAborted();`;
    const ended = await runShell(`exec $node ${program(work)}`, { signals: [[signal, 'ready']] });
    expect(ended).toEqual({ status, stderr: `ready\nput away\n${line}\n` });
    expect(unfinished()).toEqual([]);
  });

  it('with status 0 when a signal comes while the last file gets its name', async () => {
    const work = `${untilAborted} await partial.publish();`;
    const ended = await runShell(`exec $node ${program(work)}`, { signals: [['SIGINT', 'ready']] });
    expect(ended).toEqual({ status: '0', stderr: 'ready\n' });
    expect(existsSync(join(folder, 'unfinished'))).toBe(true);
  });

  it('at the second Ctrl-C though putting away hangs and a thread of Node’s too', async () => {
    spawnSync('mkfifo', [join(folder, 'stuck')]);
    const work = `void open('stuck'); ${untilAborted} ready(); process.stderr.write('hangs\\n'); await forever();`;
    const signals = [
      ['SIGINT', 'ready'],
      ['SIGINT', 'hangs'],
    ] as const;
    const ended = await runShell(`exec $node ${program(work)}`, { signals });
    expect(ended).toEqual({ status: '130', stderr: 'ready\nready\nhangs\nfloat: interrupted\n' });
    expect(unfinished()).toEqual([]);
  });

  it('by itself after one SIGTERM, which supervisors send, though putting away hangs', async () => {
    const ended = await runShell(`exec $node ${program(`${untilAborted} await forever();`)}`, {
      signals: [['SIGTERM', 'ready']],
    });
    expect(ended).toEqual({ status: '143', stderr: 'ready\nfloat: ended by SIGTERM\n' });
    expect(unfinished()).toEqual([]);
  });

  it.each([
    [
      'an exception that nobody catches',
      `setTimeout(() => { throw new Error('lost'); }); await forever();`,
      '1',
      'lost',
    ],
    [
      'a rejection that nobody awaits',
      `void Promise.reject(new InputError('bad')); await forever();`,
      '2',
      'bad',
    ],
    [
      'an error in a worker',
      `new (await import('node:worker_threads')).Worker('throw new Error("in it")', { eval: true }); await forever();`,
      '1',
      'in it',
    ],
    [
      'a promise that nothing will ever settle',
      `await new Promise(() => {});`,
      '1',
      'internal error: nothing is left to wait for',
    ],
    ['an error', `throw new InputError('field: wrong');`, '2', 'field: wrong'],
  ])('after %s with one line', async (_, work, status, line) => {
    const ended = await runShell(`exec $node ${program(work)}`);
    expect(ended).toEqual({ status, stderr: `float: ${line}\n` });
    expect(unfinished()).toEqual([]);
  });

  it('though something it started goes on', async () => {
    const work = `setInterval(() => {}, 1000); await partial.publish();`;
    expect(await runShell(`exec $node ${program(work)}`)).toEqual({ status: '0', stderr: '' });
  });

  it('without a word when nobody reads its output any more', async () => {
    const print = `for (;;) { process.stdout.write('x'.repeat(1e5)); await new Promise(setImmediate); signal.throwIfAborted(); }`;
    const ended = await runShell(`{ $node ${program(print)}; echo $? >&2; } | head -c 10`);
    expect(ended).toEqual({ status: '0', stderr: '141\n' });
    expect(unfinished()).toEqual([]);
  });

  it('well when nobody reads what it tells', async () => {
    const tell = `for (let i = 0; i < 20; i++) { process.stderr.write('x'); await new Promise(setImmediate); } await partial.publish();`;
    const ended = await runShell(`{ $node ${program(tell)} 2>&1 >&3; echo $? >&4; } 3>/dev/null 4>&2 | true`);
    expect(ended).toEqual({ status: '0', stderr: '0\n' });
  });

  it.runIf(existsSync('/dev/full'))('with one line when the disk is full behind its output', async () => {
    for (const [args, what] of [
      ['--help', 'standard output'],
      [`inspect ${golden('tiny')} --json`, 'standard output'],
    ]) {
      const ended = await runShell(`exec $node $float ${args} >/dev/full`);
      expect(ended).toEqual({
        status: '2',
        stderr: `float: cannot write ${what}: no space left on the disk\n`,
      });
    }
  });

  it('with one line where the working directory is gone', async () => {
    mkdirSync(join(folder, 'gone'));
    const ended = await runShell('cd gone; rmdir ../gone; exec $node $float info');
    expect(ended).toEqual({ status: '2', stderr: 'float: the working directory does not exist any more\n' });
  });

  const video = (inputs: Readonly<Record<string, string>>) => {
    const all = {
      image: golden('tiny/image.png'),
      audio: golden('tiny/wave.wav'),
      out: 'out.mp4',
      ...inputs,
    };
    return ['animate', ...Object.entries(all).flatMap(([name, value]) => [`--${name}`, value])];
  };

  it.runIf(existsSync('/proc/self/fd'))('while an input pipe gives nothing', async () => {
    const pipe = join(folder, 'silent');
    spawnSync('mkfifo', [pipe]);
    const isOpen = (pid: number) =>
      readdirSync(`/proc/${pid}/fd`).some((fd) => {
        try {
          return readlinkSync(`/proc/${pid}/fd/${fd}`) === pipe;
        } catch {
          return false;
        }
      });
    for (const input of ['audio', 'image']) {
      const ended = await interrupted(video({ [input]: pipe }), isOpen);
      expect(ended).toEqual({ status: '130', stderr: 'float: interrupted\n' });
    }
    // Waiting for standard input shows nowhere: from when on SIGHUP, the first signal, is caught. Node itself catches
    // SIGINT.
    const catches = (pid: number) =>
      /^SigCgt:.*[13579bdf]$/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
    const ended = await interrupted(video({ audio: '-' }), catches);
    expect(ended).toEqual({ status: '130', stderr: 'float: interrupted\n' });
    expect(readdirSync(folder).filter((name) => name.startsWith('out'))).toEqual([]);
  });

  it('with its child, and tells when somebody else ended that', async () => {
    const recording = fileURLToPath(new URL('../fixtures/media/stereo.m4a', import.meta.url));
    const path = join(folder, 'bin');
    mkdirSync(path);
    const fake = (script: string) =>
      writeFileSync(join(path, 'ffmpeg'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    const env = { PATH: `${path}:${process.env['PATH']}` };
    fake(`echo $$ > ${path}/new; mv ${path}/new ${path}/pid; exec sleep 1000`);
    const args = video({ audio: recording });
    expect((await interrupted(args, () => existsSync(join(path, 'pid')), env)).status).toBe('130');
    const pid = Number(readFileSync(join(path, 'pid'), 'utf8'));
    for (let tries = 0; tries < 100 && isAlive(pid); tries++)
      await new Promise((next) => setTimeout(next, 50));
    expect(isAlive(pid)).toBe(false);
    fake('kill -KILL $$');
    const ended = await runShell(`exec $node $float ${args.join(' ')}`, { env });
    const line = `float: ${recording}: ffmpeg was ended by SIGKILL while it decoded\n`;
    expect(ended).toEqual({ status: '1', stderr: line });
  });

  it.each([
    ['a video', 'out.mp4', `await writeVideo();`],
    ['the rest of a write', 'rest', `await writeBlock(noise().subarray(0, 6000));`],
    [
      'a frame',
      'frame000000.png',
      `await (await createFrameWriter('.')).addFrame({ width: 64, height: 64, data: noise() });`,
    ],
    ['motion', 'motion', `await writeAtomically('motion', noise());`],
  ])('with one line when there is no room for %s', async (what, name, work) => {
    const place = join(folder, what);
    mkdirSync(place);
    const file = (path: string) => JSON.stringify(join(dist, path));
    const path = program(`
      const { createVideoWriter } = await import(${file('node/video.js')});
      const { createFrameWriter } = await import(${file('node/frames.js')});
      const { writeAtomically } = await import(${file('node/partial-file.js')});
      const noise = () => Uint8Array.from({ length: 64 * 64 * 3 }, () => Math.random() * 256);
      const { cannotWrite, writeAll } = await import(${file('node/files.js')});
      const writeBlock = async (bytes) =>
        writeAll(await open(partial.path, 'r+'), bytes, 0).catch((error) => { throw cannotWrite('rest', error); });
      const writeVideo = async () => {
        const video = await createVideoWriter('out.mp4', { width: 64, height: 64, fps: 25 });
        for (let i = 0; i < 60; i++) await video.addFrame({ width: 64, height: 64, data: noise() });
        await video.close();
      };
      ${work}`);
    // In blocks of 512 bytes: 5120, so that a part of each write is taken.
    const ended = await runShell(`cd '${what}'; ulimit -f 10; exec $node ${path}`);
    expect(ended.stderr).toMatch(/^float: cannot write \S+: the file would be larger than allowed\n$/);
    expect(ended.stderr).toContain(name);
    expect(ended.status).toBe('2');
    expect(readdirSync(place)).toEqual([]);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Runs the command with nothing coming from standard input, and interrupts it once `when` says so. */
function interrupted(
  args: readonly string[],
  when: (pid: number) => boolean,
  env: NodeJS.ProcessEnv = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [float, ...args], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const poll = setInterval(() => {
    if (child.pid === undefined || !when(child.pid)) return;
    clearInterval(poll);
    child.kill('SIGINT');
  }, 20);
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (code, signal) => {
      clearInterval(poll);
      resolve({ status: String(code ?? signal), stderr });
    });
  });
}
