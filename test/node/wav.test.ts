import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/errors.js';
import { readWav } from '../../src/node/wav.js';

const directory = mkdtempSync(join(tmpdir(), 'float-wav-'));
afterAll(() => rmSync(directory, { recursive: true }));

describe('reading a WAV file', () => {
  it('gives its rate and samples', async () => {
    const path = new URL('../../golden/tiny/wave.wav', import.meta.url).pathname;
    const sound = await readWav(path);
    expect(sound.sampleRate).toBe(16000);
    expect(sound.channels.map((channel) => channel.length > 1000)).toEqual([true]);
  });

  it('names the file in every complaint', async () => {
    const missing = join(directory, 'missing.wav');
    await expect(readWav(missing)).rejects.toThrow(
      new InputError(`${missing}: cannot read: no such file or directory`),
    );
    const text = join(directory, 'text.wav');
    writeFileSync(text, 'not a sound');
    await expect(readWav(text)).rejects.toThrow(`${text}: not a WAV file`);
  });
});
