import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { texts } from '../../web/src/texts.js';
import type { WatchedBrowser, WatchedContext } from './chromium.js';
import { chromiumPath, openBrowser, openContext, skippedBecause } from './chromium.js';
import { choose, chooseFile, generate, openPage, repositoryFile, useShortSpeech } from './page.js';
import { builtPage, serveSite, type Site } from './site.js';

/** A visit; then the server is gone for good. */
describe.skipIf(!chromiumPath)(`the page without its server${skippedBecause}`, () => {
  let site: Site;
  let browser: WatchedBrowser;
  let watched: WatchedContext;
  let page: Page;
  beforeAll(async () => {
    site = await serveSite();
    browser = await openBrowser();
    watched = await openContext(browser, site);
    page = await watched.context.newPage();
  });
  afterAll(async () => {
    await browser?.close();
    await site?.stop();
  });

  it('keeps a checkpoint of the visitor’s and itself', async () => {
    await openPage(page, site.url);
    await chooseFile(page, texts.model.openFolder, repositoryFile('test/fixtures/torch/tiny'));
    await page.getByRole('button', { name: texts.model.remove('') }).waitFor({ timeout: 60_000 });
    await page.waitForFunction(() => navigator.serviceWorker.controller !== null, undefined, {
      timeout: 60_000,
    });
    await site.stop();
    await page.reload();
    await page.getByRole('heading', { level: 1 }).waitFor();
    expect(await page.getByRole('radio', { name: texts.model.demo }).isVisible()).toBe(true);
  });

  it('animates with that checkpoint', async () => {
    await openPage(page, `${site.url}#nfe=2`);
    await useShortSpeech(page);
    await choose(page, texts.model.heading, /^float/);
    await generate(page);
    await page.getByText('Done: 13 frames').waitFor();
  });

  it('animates with the demo model', async () => {
    await choose(page, texts.model.heading, texts.model.demo);
    await generate(page);
    await page.getByText('Done: 13 frames').waitFor();
  });

  it('confines the worker to its origin, too', async () => {
    const [worker] = page.workers();
    const fetched = await worker!.evaluate(() =>
      fetch('https://example.com/').then(
        () => 'fetched',
        () => 'refused',
      ),
    );
    expect(fetched).toBe('refused');
    expect(browser.outside).toEqual([]);
  });

  it('complained of nothing else', () => {
    const others = watched.complaints.filter((complaint) => !complaint.includes('example.com'));
    expect(others).toEqual([]);
  });
});

describe.skipIf(!chromiumPath)(`a new version of the page${skippedBecause}`, () => {
  let site: Site;
  let browser: WatchedBrowser;
  beforeAll(async () => {
    site = await serveSite();
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await site?.stop();
  });

  it('fetches what changed, and takes over when the old one is closed', async () => {
    const { context, complaints } = await openContext(browser, site);
    const old = await context.newPage();
    await old.goto(site.url);
    await old.waitForFunction(() => navigator.serviceWorker.controller !== null);

    const built = (path: string) => readFileSync(join(builtPage, path), 'utf8');
    site.changed.set('index.html', built('index.html').replace(/<title>.*<\/title>/, '<title>New</title>'));
    site.changed.set('sw.js', built('sw.js').replace(/("index\.html":\s*[`"'])\w+/, '$1new'));
    site.asked.length = 0;
    const waiting = () =>
      old.evaluate(async () => {
        const registration = await navigator.serviceWorker.getRegistration();
        await registration?.update();
        return Boolean(registration?.waiting);
      });
    await expect.poll(waiting, { timeout: 30_000 }).toBe(true);
    expect(site.asked.filter((path) => path !== 'sw.js')).toEqual(['index.html']);
    await old.reload();
    expect(await old.title()).not.toBe('New');
    await old.close();

    // The browser changes over a moment after the last page has gone.
    const page = await context.newPage();
    const title = async () => {
      await page.goto('about:blank');
      await page.waitForTimeout(500);
      await page.goto(site.url);
      return page.title();
    };
    await expect.poll(title, { timeout: 30_000 }).toBe('New');
    const versions = await page.evaluate(async () => {
      const [name] = await caches.keys();
      const kept = await (await caches.open(name!)).keys();
      return kept.map(({ url }) => url).filter((url) => url.includes('index.html'));
    });
    expect(versions).toEqual([`${site.url}index.html?new`]);
    expect(complaints).toEqual([]);
  });
});
