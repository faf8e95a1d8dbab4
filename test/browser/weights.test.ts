import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWeightsFiles, openWeightsUrl } from '../../src/browser/weights.js';
import { InputError } from '../../src/base/errors.js';
import { openWeights } from '../../src/node/weights.js';

const tiny = new URL('../fixtures/torch/tiny/', import.meta.url);
const demo = new URL('../../weights/demo/', import.meta.url);
const EMOTION = 'wav2vec-english-speech-emotion-recognition';
const AUDIO = 'wav2vec2-base-960h';

async function file(path: string, base = tiny): Promise<File> {
  const name = path.split('/').at(-1) as string;
  return new File([await readFile(new URL(path, base))], name);
}
const published = () =>
  Promise.all(
    ['float.pth', 'config.json', `${AUDIO}/pytorch_model.bin`, `${AUDIO}/config.json`]
      .concat([`${EMOTION}/model.safetensors`, `${EMOTION}/config.json`])
      .map((path) => file(path)),
  );

describe('weights in the user’s files', () => {
  it('are the same as from a directory, in whatever order and however they are called', async () => {
    const expected = await openWeights(tiny.pathname);
    const files = (await published()).reverse();
    const { model, weights } = await openWeightsFiles(files);
    expect(model).toEqual(expected.model);
    expect([...weights.tensors].sort()).toEqual([...expected.weights.tensors].sort());
    for (const name of [...weights.tensors.keys()].filter((_, i) => i % 40 === 0))
      expect(await weights.read(name)).toEqual(await expected.weights.read(name));
    await expected.close();
  });

  it('may be one file with its configuration', async () => {
    const files = [await file('weights.safetensors', demo), await file('config.json', demo)];
    expect((await openWeightsFiles(files)).model.config.input_size).toBe(64);
  });

  it('may lie among files that mean nothing here', async () => {
    const junk = [
      new File(['# read me'], 'README.md'),
      new File(['{"do_normalize": true}'], 'preprocessor_config.json'),
      new File(['x'], 'training_args.bin'),
    ];
    const { weights } = await openWeightsFiles([...junk, ...(await published())]);
    expect(weights.tensors.size).toBeGreaterThan(100);
  });

  it('of one network in two formats are taken from safetensors', async () => {
    const [emotion] = (await published()).filter(({ name }) => name === 'model.safetensors');
    const twice = new File([emotion as File], 'pytorch_model.bin');
    const { weights } = await openWeightsFiles([twice, ...(await published())]);
    expect(weights.tensors.size).toBeGreaterThan(100);
  });

  it.each([
    ['no files', [], /no weights/],
    ['a picture', [new File(['\x89PNG\r\n\x1a\n0123456789'], 'me.png')], /^me\.png: /],
    [
      'several files without weights',
      [new File(['a'], 'a.txt'), new File(['b'], 'b.txt')],
      /^a\.txt and 1 more: no weights, expected/,
    ],
  ])('refuses %s', async (_, files, message) => {
    await expect(openWeightsFiles(files)).rejects.toThrow(InputError);
    await expect(openWeightsFiles(files)).rejects.toThrow(message);
  });

  it('refuses two configurations of the same network', async () => {
    const files = [await file('config.json', demo), ...(await published())];
    await expect(openWeightsFiles(files)).rejects.toThrow(/are both configurations of FLOAT/);
  });
});

describe('weights at a URL', () => {
  let server: Server;
  let base: string;
  beforeAll(async () => {
    server = createServer((request, response) => {
      const path = (request.url ?? '').replace(/^\/(plain|demo)\//, '');
      const found = request.url?.startsWith('/demo/') ? demo : undefined;
      void readFile(new URL(path, found ?? 'file:///nowhere/')).then(
        (bytes) => response.setHeader('content-length', bytes.length).end(bytes),
        () => response.writeHead(404).end(),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  it('are fetched once, with the configuration beside them, and say how far they are', async () => {
    const seen: [number, number][] = [];
    const onBytes = (done: number, total: number) => seen.push([done, total]);
    const { model, weights } = await openWeightsUrl(`${base}/demo/weights.safetensors`, { onBytes });
    expect(model.config.input_size).toBe(64);
    const size = (await readFile(new URL('weights.safetensors', demo))).length;
    expect(seen.at(-1)).toEqual([size, size]);
    expect(seen.every(([done, total], i) => total === size && done >= (seen[i - 1]?.[0] ?? 0))).toBe(true);
    const expected = await openWeights(demo.pathname);
    const [name = ''] = weights.tensors.keys();
    expect(await weights.read(name)).toEqual(await expected.weights.read(name));
    await expected.close();
  });

  it('that are not there are an InputError with the URL', async () => {
    const url = `${base}/plain/weights.safetensors`;
    await expect(openWeightsUrl(url)).rejects.toThrow(InputError);
    await expect(openWeightsUrl(url)).rejects.toThrow(`${url}: the server answered 404`);
    await expect(openWeightsUrl('http://127.0.0.1:9/w.safetensors')).rejects.toThrow(/cannot be fetched/);
  });

  it('can be given up', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(openWeightsUrl(`${base}/demo/weights.safetensors`, { signal })).rejects.toThrow('enough');
  });
});
