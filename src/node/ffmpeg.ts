import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InputError } from '../base/errors.js';
import type { Sound } from '../media/sound.js';
import { decodeWav } from '../media/wav.js';
import { atExit } from './at-exit.js';
import { cannotWrite } from './files.js';

/** As WAV in 32-bit floats: two hours of stereo at 48 kHz are 2.8 GB, and a Buffer holds 4. */
const MAX_BYTES = 3.5e9;

/**
 * The sound of a stream of AAC in ADTS, given to the `ffmpeg` on the PATH through a pipe. It is told the format, so
 * that it cannot take the file for a playlist, and may open nothing but the pipe. `name` is for messages. Throws
 * InputError when there is no ffmpeg or it finds an error.
 */
export function decodeAdts(bytes: Uint8Array, name: string): Promise<Sound> {
  return runFfmpeg(['-protocol_whitelist', 'pipe', '-f', 'aac', '-i', 'pipe:0'], {
    name,
    format: 'AAC',
    bytes,
  });
}

/** The same for the first sound track of an M4A (also MP4, MOV), which is not read in one go: ffmpeg needs a file. */
export function decodeM4aFile(path: string): Promise<Sound> {
  return decodeM4a(path, path);
}

/** The same for an M4A that is no file that can be read again: it is put into one for as long as ffmpeg reads. */
export async function decodeM4aBytes(bytes: Uint8Array, name: string): Promise<Sound> {
  const folder = await mkdtemp(join(tmpdir(), 'float-m4a-')).catch((error: unknown) => {
    throw cannotWrite(tmpdir(), error);
  });
  const forget = atExit(() => rmSync(folder, { recursive: true, force: true }));
  try {
    const path = join(folder, 'sound.m4a');
    await writeFile(path, bytes, { mode: 0o600 }).catch((error: unknown) => {
      throw cannotWrite(path, error);
    });
    return await decodeM4a(path, name);
  } finally {
    await rm(folder, { recursive: true, force: true });
    forget();
  }
}

const decodeM4a = (path: string, name: string) =>
  runFfmpeg(['-protocol_whitelist', 'file', '-f', 'mov', '-i', `file:${path}`], { name, format: 'M4A' });

async function runFfmpeg(
  input: readonly string[],
  { name, format, bytes }: { name: string; format: 'M4A' | 'AAC'; bytes?: Uint8Array },
): Promise<Sound> {
  const quiet = ['-hide_banner', '-nostdin', '-loglevel', 'error', '-xerror'];
  const output = ['-map', '0:a:0', '-f', 'wav', '-c:a', 'pcm_f32le', 'pipe:1'];
  const child = spawn('ffmpeg', [...quiet, ...input, ...output], { stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = atExit(() => child.kill('SIGKILL'));
  // It may end before it has read everything; its status then says why.
  child.stdin.on('error', () => undefined).end(bytes);
  const chunks: Buffer[] = [];
  let length = 0;
  let complaints = '';
  child.stdout.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    length += chunk.length;
    if (length > MAX_BYTES) child.kill('SIGKILL');
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (complaints.length < 1000) complaints += text;
  });
  const status = await new Promise<number | NodeJS.Signals>((resolve, reject) => {
    child.on('error', (error) => {
      const missing = 'code' in error && error.code === 'ENOENT';
      const why = missing ? 'which needs ffmpeg on the PATH' : `and ffmpeg cannot be run (${error.message})`;
      reject(new InputError(`${name}: an ${format} file, ${why}; or convert it to WAV`));
    });
    child.on('close', (code, signal) => resolve(code ?? signal ?? 1));
  }).finally(ended);
  if (length > MAX_BYTES) throw new InputError(`${name}: more sound than fits into memory`);
  if (typeof status === 'string') throw new Error(`${name}: ffmpeg was ended by ${status} while it decoded`);
  if (status !== 0 && /matches no streams/.test(complaints))
    throw new InputError(`${name}: an ${format} file without a sound track`);
  if (status !== 0)
    throw new InputError(`${name}: corrupt ${format} (ffmpeg: ${firstComplaint(complaints, status)})`);
  return decodeWav(Buffer.concat(chunks, length), name);
}

/** Without the address of the demuxer and the name of the file before it. */
function firstComplaint(complaints: string, status: number): string {
  const [line = ''] = complaints.trim().split('\n');
  return line.replace(/^\[[^\]]*\] /, '').replace(/^file:.*: /, '') || `ended with ${status}`;
}
