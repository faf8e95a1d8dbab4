import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/errors.js';
import { openCheckpointFile } from '../../src/weights/formats.js';
import { parseJsonObject } from '../../src/weights/json.js';
import { openSafetensors, writeSafetensors } from '../../src/weights/safetensors.js';
import { memorySource } from '../../src/weights/source.js';
import { rejection } from './golden.js';
import { torchArchive, zipped } from './torch-writer.js';

const lfs = 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 2470000000\n';
const page = '<!DOCTYPE html>\n<html lang="en"><head>\n<title>Sign in\n– Hugging Face</title></head><body></body></html>';
const utf8 = (text: string) => Buffer.from(text);
const weights = { a: { shape: [300], data: new Float32Array(300).fill(1) } };

/** What is saved instead of weights, and what is said of it. */
const others: [string, Uint8Array, string][] = [
  ['a page', utf8(page), 'a web page (HTML) titled "Sign in – Hugging Face", not the file itself: download it again by its'],
  ['a page after a mark and a comment', utf8(`\ufeff\n <!-- saved -->\n<HTML><body>`), 'a web page (HTML), not the file'],
  ['a long page', utf8(`${page}${'é'.repeat(5000)}`), 'a web page (HTML)'],
  ['a pointer of Git LFS', utf8(lfs), 'a Git LFS pointer, which stands for a file of 2470.0 MB: run "git lfs pull" in the'],
  ['a pointer of git-annex', utf8('/annex/objects/SHA256E-s1--ab.pth\n'), 'a git-annex pointer: run "git annex get"'],
  ['XML', utf8('<?xml version="1.0"?>\n<Error><Code>AccessDenied</Code></Error>'), 'XML ("<?xml version="1.0"?> <Error><C'],
  ['JSON', utf8('{"error": "Repository not found"}'), 'JSON ("{"error": "Repository not found"}"), not weights'],
  ['a message', utf8('Invalid username or password.'), 'text ("Invalid username or password."), not weights: download'],
  ['an escape sequence', utf8('\x1b[31mno'), 'text ("\\u001b[31mno"), not weights'],
  ['UTF-16', Buffer.concat([Uint8Array.of(0xff, 0xfe), Buffer.from('<html>', 'utf16le')]), 'a web page (HTML)'],
  ['nothing', new Uint8Array(), 'the file is empty: download it again'],
  ['zeros', new Uint8Array(5000), 'it begins with 1024 zeros, as an unfinished download does: download it again'],
  ['gzip', gzipSync(torchArchive(weights)), 'compressed with gzip: unpack it first'],
  ['a picture', utf8('\x89PNG\r\n\x1a\n').subarray(1), 'a PNG picture, not weights: expected safetensors or a PyTorch'],
  ['tar', Buffer.concat([Buffer.alloc(257, 'x'), utf8('ustar\0'), Buffer.alloc(300)]), 'a tar archive: unpack it first'],
  ['a zip of weights', zipped([['float.pth', new Uint8Array(9)]]), 'a zip archive without data.pkl: unpack it first, there is "f'],
  ['a compressed zip', zipped([['a/float.pth', new Uint8Array(9)]], { method: 8 }), 'unpack it first, there is "a/float.pth"'],
  ['NumPy’s', zipped([['x.npy', new Uint8Array(9)]]), 'NumPy arrays (.npz), not weights'],
  ['TorchScript', zipped([['m/data.pkl', new Uint8Array(9)], ['m/constants.pkl', new Uint8Array(9)]]), 'a TorchScript program'],
];

describe('a file that is not weights', () => {
  it.each(others)('%s is told by name, whatever the file is called', async (_, bytes, says) => {
    const start = bytes[0] === 0xc2 ? bytes : bytes;
    for (const name of ['x.safetensors', 'x.pth', 'x.bin', 'x', 'x.html']) {
      const message = await rejection(openCheckpointFile(memorySource(name, start)), InputError);
      expect(message).toContain(says);
      // eslint-disable-next-line no-control-regex -- a terminal must not take what a file says for commands
      expect(message).toMatch(/^x[.\w]*: [^\x00-\x1f\x7f]{1,300}$/);
    }
  });

  it('is told where safetensors or JSON are expected too', async () => {
    expect(await rejection(openSafetensors(memorySource('m', utf8(page))), InputError)).toContain('m: a web page');
    expect(() => parseJsonObject(utf8(page), 'config.json')).toThrow('config.json: expected JSON, got a web page (HTML)');
    expect(() => parseJsonObject(utf8(lfs), 'config.json')).toThrow('config.json: expected JSON, got a Git LFS pointer');
  });

  it('is not what weights begin with', async () => {
    for (const bytes of [writeSafetensors(weights), torchArchive(weights)]) {
      expect((await openCheckpointFile(memorySource('x.html', bytes))).weights.tensors.size).toBe(1);
    }
  });
});

describe('a download that is not finished', () => {
  it.each([
    ['x.safetensors.crdownload', writeSafetensors(weights), 'expected a file of at least'],
    ['x.pth.part', torchArchive(weights), 'damaged zip archive: it has no directory at its end (cut short?)'],
  ])('%s is told by its name and its end', async (name, bytes, says) => {
    const open = openCheckpointFile(memorySource(name, bytes.subarray(0, 1000)));
    const message = await rejection(open, InputError);
    expect(message).toContain(says);
    expect(message).toContain('(by its name an unfinished download: finish it)');
  });

  it('is told within its header', async () => {
    const open = openCheckpointFile(memorySource('x', writeSafetensors(weights).subarray(0, 30)));
    expect(await rejection(open, InputError)).toMatch(/^x: expected a safetensors header of .* \(cut short\?\)$/);
  });
});
