import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as wait } from 'node:timers/promises';
import { ALL_FORMATS, BufferSource, Input } from 'mediabunny';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emptyFolder, example, golden } from './run.js';

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const adapter = ['--adapter', process.env['FLOAT_TEST_ADAPTER'] ?? 'software'];
const tiny = ['--image', golden('tiny/image.png'), '--weights', golden('tiny'), '--nfe', '2', '--size', '64'];

let folder: string;
beforeAll(() => {
  folder = emptyFolder();
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The command with standard input open. */
function start(args: readonly string[]) {
  const child = spawn(process.execPath, [main, 'animate', ...adapter, ...tiny, ...args]);
  // A command that refuses its input does not read it to the end.
  child.stdin.on('error', () => undefined);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = new Promise<{ status: number | null; stdout: string; stderr: string }>((resolve, reject) => {
    child.on('error', reject).on('close', (status) => resolve({ status, stdout, stderr }));
  });
  return { child, ended };
}

/** 16-bit PCM of the example, without its header. */
const pcm = (seconds: number) =>
  readFileSync(example('speech/neutral.wav')).subarray(44, 44 + seconds * 32000);

describe('float animate --audio -', () => {
  it('delivers frames while speech still arrives, and writes all of it', async () => {
    const [video, frames] = [join(folder, 'out.mp4'), join(folder, 'frames')];
    const { child, ended } = start(['--audio', '-', '--json', '--out', video, '--frames-dir', frames]);
    const speech = pcm(2.5);
    child.stdin.write(speech.subarray(0, 32000 * 1.5 + 1));
    const first = join(frames, 'frame000009.png');
    // The rest is sent only when the first window of frames is there.
    for (let tries = 0; !existsSync(first) && child.exitCode === null && tries < 600; tries++) await wait(50);
    expect(existsSync(first)).toBe(true);
    child.stdin.end(speech.subarray(32000 * 1.5 + 1));
    const { status, stdout, stderr } = await ended;
    expect(status, stderr).toBe(0);
    const result = JSON.parse(stdout) as { frames: number; firstFrame: number; seconds: number };
    expect(result.frames).toBe(63);
    expect(result.firstFrame).toBeLessThan(result.seconds);
    expect(readdirSync(frames).length).toBe(63);

    using input = new Input({ source: new BufferSource(readFileSync(video)), formats: ALL_FORMATS });
    const sound = await input.getPrimaryAudioTrack();
    expect(sound?.codec).toBe('aac');
    expect(await sound?.computeDuration()).toBeCloseTo(63 / 25, 9);
    expect(readdirSync(folder).sort()).toEqual(['frames', 'out.mp4']);
  });

  it.each([
    ['nothing', [], Buffer.alloc(0), 'standard input: expected sound, got nothing'],
    ['an odd number of bytes', [], pcm(1).subarray(0, 24001), '1 left over at the end'],
    [
      'three bytes of floats too many',
      ['--pcm-format', 'f32le'],
      Buffer.alloc(64003),
      '3 left over at the end',
    ],
    ['not a number', ['--pcm-format', 'f32le'], Buffer.alloc(64000, 255), 'speech: expected finite samples'],
    ['a WAV file', ['--pcm-rate', '16000'], readFileSync(example('speech/neutral.wav')), 'found a WAV file'],
    ['too little for an emotion', [], Buffer.alloc(100), 'speech: expected at least 400 samples, got 50'],
  ])('refuses %s, in one line, and leaves nothing', async (_, options, bytes, message) => {
    const out = join(folder, 'refused.mp4');
    const { child, ended } = start(['--audio', '-', '--out', out, ...options]);
    child.stdin.end(bytes);
    const { status, stderr } = await ended;
    const lines = stderr.split('\n').filter((line) => line.startsWith('float: '));
    expect(lines.join('\n')).toContain(message);
    expect(lines.length).toBe(1);
    expect(status).toBe(2);
    expect(readdirSync(folder).filter((name) => name.startsWith('refused'))).toEqual([]);
  });

  it.each([
    [['--audio', '-', '--motion-in', 'x.safetensors'], '--motion-in: not with --audio -'],
    [['--audio', '-', '--look-ahead', '-1'], '--look-ahead'],
    [['--audio', '-', '--pcm-format', 'mp3'], '--pcm-format'],
    [['--audio', '-', '--pcm-rate', '1'], '--pcm-rate'],
    [['--audio', golden('tiny/wave.wav'), '--pcm-rate', '8000'], '--pcm-rate: only with --audio -'],
    [['--audio', golden('tiny/wave.wav'), '--look-ahead', '2'], '--look-ahead: only with --audio -'],
  ])('refuses %j', async (args, message) => {
    const { child, ended } = start([...args, '--out', join(folder, 'refused.mp4')]);
    child.stdin.end();
    const { status, stderr } = await ended;
    expect(stderr).toContain(message);
    expect(status).toBe(2);
  });

  it('stops when interrupted while it waits for speech, and leaves nothing', async () => {
    const frames = join(folder, 'interrupted');
    const out = join(folder, 'interrupted.mp4');
    const { child, ended } = start(['--audio', '-', '--out', out, '--frames-dir', frames]);
    child.stdin.write(pcm(1.5));
    for (let tries = 0; !existsSync(join(frames, 'frame000009.png')) && tries < 600; tries++) await wait(50);
    child.kill('SIGINT');
    const { status, stderr } = await ended;
    expect(stderr).toContain('float: interrupted');
    expect(status).toBe(130);
    expect(readdirSync(folder).filter((name) => name.startsWith('interrupted.mp4'))).toEqual([]);
  });
});
