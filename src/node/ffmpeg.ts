import { spawn } from 'node:child_process';
import { InputError } from '../base/errors.js';
import type { Sound } from '../media/sound.js';
import { decodeWav } from '../media/wav.js';
import { atExit } from './at-exit.js';

/** As WAV in 32-bit floats: two hours of stereo at 48 kHz are 2.8 GB, and a Buffer holds 4. */
const MAX_BYTES = 3.5e9;

const DEMUXERS = { M4A: 'mov', AAC: 'aac' };

/**
 * The first sound track of an M4A (also MP4, MOV) or bare AAC file, by the `ffmpeg` on the PATH. It is told the format, so that
 * it cannot take the file for a playlist, and may open nothing but files. Throws InputError when there is no ffmpeg or it finds
 * an error in the file.
 */
export async function decodeByFfmpeg(path: string, format: 'M4A' | 'AAC'): Promise<Sound> {
  const quiet = ['-hide_banner', '-nostdin', '-loglevel', 'error', '-xerror'];
  const input = ['-protocol_whitelist', 'file', '-f', DEMUXERS[format], '-i', `file:${path}`];
  const output = ['-map', '0:a:0', '-f', 'wav', '-c:a', 'pcm_f32le', 'pipe:1'];
  const child = spawn('ffmpeg', [...quiet, ...input, ...output], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = atExit(() => child.kill('SIGKILL'));
  const chunks: Buffer[] = [];
  let bytes = 0;
  let complaints = '';
  child.stdout.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MAX_BYTES) child.kill('SIGKILL');
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (complaints.length < 1000) complaints += text;
  });
  const status = await new Promise<number | NodeJS.Signals>((resolve, reject) => {
    child.on('error', (error) => {
      const missing = 'code' in error && error.code === 'ENOENT';
      const why = missing ? 'which needs ffmpeg on the PATH' : `and ffmpeg cannot be run (${error.message})`;
      reject(new InputError(`${path}: an ${format} file, ${why}; or convert it to WAV`));
    });
    child.on('close', (code, signal) => resolve(code ?? signal ?? 1));
  }).finally(ended);
  if (bytes > MAX_BYTES) throw new InputError(`${path}: more sound than fits into memory`);
  if (typeof status === 'string') throw new Error(`${path}: ffmpeg was ended by ${status} while it decoded`);
  if (status !== 0)
    throw new InputError(`${path}: corrupt ${format} (ffmpeg: ${firstComplaint(complaints, status)})`);
  return decodeWav(Buffer.concat(chunks, bytes), path);
}

/** Without the address of the demuxer and the name of the file before it. */
function firstComplaint(complaints: string, status: number): string {
  const [line = ''] = complaints.trim().split('\n');
  return line.replace(/^\[[^\]]*\] /, '').replace(/^file:.*: /, '') || `ended with ${status}`;
}
