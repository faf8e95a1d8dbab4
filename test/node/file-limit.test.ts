import { expect, it } from 'vitest';
import { InputError } from '../../src/base/errors.js';
import { checkFileLimit } from '../../src/node/file-limit.js';

const limits = (bytes: string) =>
  `Limit                     Soft Limit           Hard Limit           Units
Max cpu time              unlimited            unlimited            seconds
Max file size             ${bytes.padEnd(20)} unlimited            bytes
`;

it('a driver that needs files is not begun with where they cannot grow', () => {
  for (const bytes of ['0', '6144', '268435455']) {
    expect(() => checkFileLimit('llvmpipe', limits(bytes)), bytes).toThrow(InputError);
    expect(() => checkFileLimit('llvmpipe', limits(bytes)), bytes).toThrow(
      `llvmpipe keeps memory in files, which may have ${bytes} bytes here (ulimit -f): expected 268435456 or more`,
    );
  }
  for (const text of [limits('unlimited'), limits('268435456'), '', undefined])
    checkFileLimit('llvmpipe', text);
});
