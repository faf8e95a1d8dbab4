import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { texts } from '../../web/src/texts.js';
import type { WatchedBrowser, WatchedContext } from './chromium.js';
import { chromiumPath, openBrowser, openContext, skippedBecause } from './chromium.js';
import { chooseFile, drop, expectAccessible, openPage, repositoryFile, section } from './page.js';
import { builtPage, serveSite, type Site } from './site.js';

/** The page before anything is generated. */
describe.skipIf(!chromiumPath)(`the page${skippedBecause}`, () => {
  let site: Site;
  let browser: WatchedBrowser;
  let watched: WatchedContext;
  let page: Page;
  beforeAll(async () => {
    site = await serveSite();
    browser = await openBrowser();
    watched = await openContext(browser, site, { serviceWorkers: 'block' });
    page = await watched.context.newPage();
    await openPage(page, site.url);
  });
  afterAll(async () => {
    await browser?.close();
    await site?.stop();
  });

  it('weighs under 500 KB without the model, compressed', async () => {
    await page.waitForLoadState('networkidle');
    const files = [...new Set(site.asked)].filter((path) => !/^(weights|models)\//.test(path)).sort();
    const sizes = files.map((path) => {
      const bytes = readFileSync(join(builtPage, path));
      // Servers send pictures and sound as they are.
      const compress = /\.(png|wav)$/.test(path) ? [] : [gzipSync(bytes), brotliCompressSync(bytes)];
      const [gzip = bytes, brotli = bytes] = compress;
      return { path, bytes: bytes.length, gzip: gzip.length, brotli: brotli.length };
    });
    const sum = (of: 'bytes' | 'gzip' | 'brotli') => sizes.reduce((total, size) => total + size[of], 0);
    console.table([...sizes, { path: 'all', bytes: sum('bytes'), gzip: sum('gzip'), brotli: sum('brotli') }]);
    expect(sum('gzip')).toBeLessThan(500_000);
  });

  it.each(['light', 'dark'] as const)('has no accessibility violation, %s', async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    await expectAccessible(page);
    await page.getByRole('heading', { name: texts.settings.heading }).click();
    await page.getByLabel(texts.settings.seed, { exact: true }).waitFor();
    await expectAccessible(page);
    await page.getByRole('heading', { name: texts.settings.heading }).click();
  });

  it('reaches every control by keyboard, and starts with a link to the video', async () => {
    await page.reload();
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe(texts.skip);
    const reached = new Set<string>();
    for (let presses = 0; presses < 60; presses++) {
      await page.keyboard.press('Tab');
      reached.add(
        await page.evaluate(() => {
          const element = document.activeElement;
          const label = element instanceof HTMLInputElement ? element.labels?.[0] : undefined;
          return element?.ariaLabel ?? (label ?? element)?.textContent?.trim() ?? '';
        }),
      );
    }
    for (const name of [texts.portrait.pick, texts.speech.pick, texts.model.open, texts.run.generate]) {
      expect([...reached]).toContain(name);
    }
  });

  it('takes its settings from the address, and writes them there', async () => {
    await page.goto(
      `${site.url}#portrait=portrait3&speech=happy&seed=7&nfe=4&solver=heun&emotion=happy,sad@2`,
    );
    await page.reload();
    await page.getByRole('heading', { name: texts.settings.heading }).click();
    const seed = page.getByLabel(texts.settings.seed, { exact: true });
    expect(await seed.inputValue()).toBe('7');
    expect(await page.getByLabel(texts.settings.nfe, { exact: true }).inputValue()).toBe('4');
    expect(await page.getByLabel(texts.settings.solver, { exact: true }).inputValue()).toBe('heun');
    expect(await page.getByLabel(texts.emotion.emotionOf(1), { exact: true }).inputValue()).toBe('sad');
    for (const name of [texts.portrait.alt.portrait3, texts.speech.names.happy]) {
      await page.getByRole('radio', { name, checked: true }).waitFor({ state: 'attached' });
    }
    await seed.fill('8');
    await page.waitForFunction(() => location.hash.includes('seed=8'));
    await page.reload();
    await page.getByRole('heading', { name: texts.settings.heading }).click();
    expect(await seed.inputValue()).toBe('8');
    await page.goto(`${site.url}#`);
    await page.reload();
  });

  it('says what is wrong with a file, once, and keeps what was there', async () => {
    await openPage(page, site.url);
    const alerts = page.getByRole('alert').filter({ hasText: /\S/ });
    const text = { mimeType: 'text/plain', buffer: Buffer.from('This is a letter.') };
    await drop(page, { ...text, name: 'letter.txt' });
    await alerts.getByText('letter.txt').waitFor();
    expect(await alerts.count()).toBe(1);
    await page.getByRole('button', { name: texts.dismiss }).click();
    await expect.poll(() => alerts.count()).toBe(0);

    const wrong = { mimeType: '', buffer: Buffer.from('This is a letter.') };
    for (const [name, heading] of [
      ['letter.png', texts.portrait.heading],
      ['letter.wav', texts.speech.heading],
      ['letter.safetensors', texts.model.heading],
    ] as const) {
      await drop(page, { ...wrong, name });
      await section(page, heading).getByRole('alert').getByText(name).waitFor();
      expect(await alerts.count()).toBe(1);
      await page.getByRole('button', { name: texts.dismiss }).click();
    }
    const pickle = readFileSync(repositoryFile('test/fixtures/torch/malicious.pth'));
    await chooseFile(page, texts.model.open, { name: 'malicious.pth', mimeType: '', buffer: pickle });
    await section(page, texts.model.heading).getByRole('alert').getByText('malicious.pth').waitFor();
    await page.getByRole('button', { name: texts.dismiss }).click();

    expect(await page.getByRole('radio', { name: texts.portrait.alt.portrait1 }).isChecked()).toBe(true);
    expect(await page.getByRole('radio', { name: texts.speech.names.neutral }).isChecked()).toBe(true);
    expect(await page.getByRole('radio', { name: texts.model.demo }).isChecked()).toBe(true);
    expect(await page.getByRole('button', { name: texts.run.generate }).isEnabled()).toBe(true);
  });

  it('shows the portrait as it is animated, whatever the browser reads in the file', async () => {
    // Its orientation is 6, as a LONG, which Chromium does not heed.
    const picture = readFileSync(repositoryFile('test/fixtures/media/orientation6-long.jpg'));
    await chooseFile(page, texts.portrait.pick, {
      name: 'long.jpg',
      mimeType: 'image/jpeg',
      buffer: picture,
    });
    const shown = page.getByRole('img', { name: texts.portrait.shown('long.jpg') });
    await shown.waitFor();
    const size = await shown.evaluate(async (image: HTMLImageElement) => {
      await image.decode();
      return [image.naturalWidth, image.naturalHeight];
    });
    expect(size).toEqual([61, 44]);
  });

  it('takes a picture with the camera and records speech', async () => {
    await page.getByRole('button', { name: texts.portrait.camera }).click();
    await page.getByRole('button', { name: texts.camera.take }).click();
    await page.getByRole('img', { name: texts.portrait.shown(texts.camera.name) }).waitFor();
    await page.getByRole('button', { name: texts.speech.record, exact: true }).click();
    await page.getByRole('meter', { name: texts.speech.level }).waitFor();
    await page.waitForTimeout(1500);
    await page.getByRole('button', { name: texts.speech.stop }).click();
    await page.getByText(texts.speech.recordedName).waitFor();
    expect(await page.getByRole('alert').filter({ hasText: /\S/ }).count()).toBe(0);
  });

  it('fits a narrow phone', async () => {
    const desktop = page.viewportSize()!;
    await page.setViewportSize({ width: 320, height: 640 });
    await page.getByRole('heading', { name: texts.settings.heading }).click();
    await expectAccessible(page);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
    await page.setViewportSize(desktop);
  });

  it('can be installed, and its pages for reading are accessible', async () => {
    const manifest = (await (await fetch(`${site.url}manifest.webmanifest`)).json()) as {
      icons: { src: string }[];
    };
    for (const { src } of manifest.icons) expect((await fetch(site.url + src)).status).toBe(200);
    const reading = await watched.context.newPage();
    for (const address of ['docs/model.html#sec-6', 'shaders/attention.wgsl.html']) {
      await reading.goto(site.url + address);
      await expectAccessible(reading);
    }
    await reading.goto(`${site.url}docs/model.html`);
    const links = await reading
      .locator('a')
      .evaluateAll((all) => all.map((link) => (link as HTMLAnchorElement).href));
    for (const link of new Set(links)) {
      if (link.startsWith(site.origin)) expect((await fetch(link)).status, link).toBe(200);
    }
    await reading.close();
  });

  it('complained of nothing and asked nobody else, until it is made to', async () => {
    expect(watched.complaints).toEqual([]);
    expect(browser.outside).toEqual([]);
    const fetched = await page.evaluate(() =>
      fetch('https://example.com/').then(
        () => 'fetched',
        () => 'refused',
      ),
    );
    expect(fetched).toBe('refused');
    expect(watched.complaints.join('\n')).toContain('Content Security Policy');
    expect(browser.outside).toEqual([]);
  });
});

describe.skipIf(!chromiumPath)(`a browser without WebGPU${skippedBecause}`, () => {
  it('is told what to do, where the video would be and at the start', async () => {
    const site = await serveSite();
    const browser = await openBrowser({ webGpu: false });
    try {
      const page = await (await openContext(browser, site)).context.newPage();
      await openPage(page, site.url);
      const alerts = page
        .getByRole('alert')
        .getByText(/^Chrom\w+ found no graphics card for WebGPU: .*chrome:\/\/gpu/);
      await alerts.first().waitFor();
      expect(await alerts.count()).toBe(1);
      await page.getByRole('button', { name: texts.run.generate }).click();
      await page.getByRole('button', { name: texts.retry }).waitFor();
      await expectAccessible(page);
    } finally {
      await browser.close();
      await site.stop();
    }
  });
});
