import { requestNodeAdapter, type AdapterChoice } from '../src/node/gpu.js';

/**
 * The adapter that tests run on: what the environment variable FLOAT_TEST_ADAPTER names (as `--adapter` does), else any
 * software one, so that results do not depend on the machine's graphics card. Call it in `beforeAll` only: asking
 * inside a test's body has crashed Dawn.
 */
export async function testAdapter(): Promise<AdapterChoice> {
  return requestNodeAdapter({ adapter: process.env['FLOAT_TEST_ADAPTER'] ?? 'software' });
}
