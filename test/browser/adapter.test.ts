import { describe, expect, it } from 'vitest';
import { describeAdapter, whyNoWebGpu } from '../../src/browser/adapter.js';

const agents = {
  chromeWindows:
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/112.0.0.0 Safari/537.36',
  chromeLinux:
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36',
  edge: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0',
  chromeAndroid:
    'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/118.0.0.0 Mobile Safari/537.36',
  firefoxLinux: 'Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0',
  firefoxWindows: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0',
  safari:
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.4 Safari/605.1.15',
  iphone:
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.4 Mobile/15E148 Safari/604.1',
  chromeIphone:
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/140.0.0.0 Mobile/15E148 Safari/604.1',
  other: 'curl/8.5.0',
};
const page = { secure: true, origin: 'https://example.org', api: false };
const advice = (agent: keyof typeof agents, more: Partial<typeof page> = {}) =>
  whyNoWebGpu({ ...page, ...more, userAgent: agents[agent] });

describe('why there is no WebGPU', () => {
  it.each([
    ['chromeWindows', /^Chrome 112 has no WebGPU: Chrome has it from version 113 on/],
    ['chromeAndroid', /^Chrome 118 has no WebGPU: .*on Android from 121 on.*update it/],
    ['edge', /^Edge 140 has no WebGPU: Edge has it/],
    ['firefoxLinux', /^Firefox 143 has no WebGPU on Linux: .*use Chrome or Edge/],
    ['firefoxWindows', /^Firefox 128 has no WebGPU on Windows: .*from version 141 on/],
    ['safari', /^Safari 18.4 has no WebGPU: Safari has it from version 26 on/],
    ['iphone', /^Safari 18.4 has no WebGPU here: .*update iOS/],
    ['chromeIphone', /^Chrome 140 has no WebGPU here: .*update iOS/],
    ['other', /^this browser has no WebGPU: use a current Chrome, Edge, Safari or Firefox$/],
  ] as const)('%s without the interface', (agent, expected) => {
    expect(advice(agent)).toMatch(expected);
  });

  it.each([
    ['chromeWindows', /chrome:\/\/settings\/system/],
    ['chromeLinux', /on Linux also enable chrome:\/\/flags\/#enable-unsafe-webgpu/],
    ['edge', /^Edge found no graphics card for WebGPU: .*edge:\/\/settings\/system/],
    ['firefoxWindows', /about:support/],
    ['iphone', /^Safari found no graphics card/],
  ] as const)('%s without an adapter', (agent, expected) => {
    expect(advice(agent, { api: true })).toMatch(expected);
  });

  it('is the address first of all', () => {
    const text = advice('chromeWindows', { secure: false, origin: 'http://192.168.0.7:8080' });
    expect(text).toMatch(/^WebGPU works only on secure pages, and http:\/\/192\.168\.0\.7:8080 is not one/);
  });

  it('is one line in every case', () => {
    for (const agent of Object.keys(agents) as (keyof typeof agents)[])
      for (const api of [true, false])
        for (const secure of [true, false]) expect(advice(agent, { api, secure })).toMatch(/^[^\n]{20,300}$/);
  });
});

describe('an adapter', () => {
  it('is called by maker and kind', () => {
    const info = { vendor: 'nvidia', architecture: 'ampere', description: '', isFallbackAdapter: false };
    expect(describeAdapter(info)).toEqual({ name: 'nvidia ampere', software: false });
  });

  it('is software if it says so or is known to be', () => {
    expect(describeAdapter({ vendor: 'google', architecture: 'swiftshader' }).software).toBe(true);
    expect(describeAdapter({ vendor: 'microsoft', isFallbackAdapter: true }).software).toBe(true);
    expect(describeAdapter({ vendor: 'mesa', description: 'llvmpipe (LLVM 19)' }).software).toBe(true);
  });

  it('may say nothing', () => {
    expect(describeAdapter({})).toEqual({
      name: 'a graphics card the browser does not name',
      software: false,
    });
  });
});
