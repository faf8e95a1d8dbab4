import { existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { InputError } from '../../src/base/errors.js';
import { readInput } from '../../src/node/files.js';
import { rejection } from '../weights/golden.js';

const folder = mkdtempSync(join(tmpdir(), 'float-files-'));
afterAll(() => rmSync(folder, { recursive: true }));

it.runIf(existsSync('/dev/zero'))('what never ends or is not there is no input', async () => {
  const [link, annexed, ring, socket] = ['link', 'annexed', 'ring', 'socket'].map((name) =>
    join(folder, name),
  );
  symlinkSync('nowhere.png', link!);
  symlinkSync('.git/annex/objects/xx/SHA256E-s1--a.pth', annexed!);
  symlinkSync('ring', ring!);
  const server = createServer().listen(socket!);
  await new Promise((listening) => server.once('listening', listening));
  const cases: Record<string, string> = {
    '/dev/zero': 'it is a device',
    '/dev/full': 'it is a device',
    '/dev/null': 'it is a device',
    [folder]: 'it is a directory',
    [link!]: 'a link to nowhere.png, where there is nothing',
    [annexed!]:
      'a link to .git/annex/objects/xx/SHA256E-s1--a.pth, where there is nothing: run "git annex get" in the repository',
    [ring!]: 'too many links',
    [socket!]: 'it is a socket, or a device that is not there',
    [join(folder, 'absent')]: 'no such file or directory',
  };
  for (const [path, why] of Object.entries(cases)) {
    expect(await rejection(readInput(path), InputError)).toBe(`${path}: cannot read: ${why}`);
  }
  server.close();
});
