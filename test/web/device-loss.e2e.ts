import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { texts } from '../../web/src/texts.js';
import type { WatchedBrowser } from './chromium.js';
import { chromiumPath, openBrowser, openContext, skippedBecause } from './chromium.js';
import { finished, generateButton, openPage, useShortSpeech } from './page.js';
import { serveSite, type Site } from './site.js';

describe.skipIf(!chromiumPath)(`loss of the GPU${skippedBecause}`, () => {
  let site: Site;
  let browser: WatchedBrowser;
  let page: Page;
  beforeAll(async () => {
    site = await serveSite();
    browser = await openBrowser();
    page = await (await openContext(browser, site)).context.newPage();
    await openPage(page, `${site.url}#nfe=2`);
  });
  afterAll(async () => {
    await browser?.close();
    await site?.stop();
  });

  it('in the middle of a run is told, and the next run succeeds without a reload', async () => {
    await page.evaluate(() => Object.assign(globalThis, { notReloaded: true }));
    await useShortSpeech(page);
    await generateButton(page).click();
    await page
      .getByText(/^[1-9]\d* of 13 frames/)
      .first()
      .waitFor({ timeout: 180_000 });

    // The process that drives the GPU dies, as it does when a driver crashes.
    const debug = await browser.browser.newBrowserCDPSession();
    await debug.send('Browser.crashGpuProcess');
    await page.getByRole('alert').getByText(texts.failures.hints.DeviceLost).waitFor();
    await page.getByRole('button', { name: texts.retry }).click();
    await finished(page);
    await page.getByText('Done: 13 frames').waitFor();
    expect(await page.evaluate(() => 'notReloaded' in globalThis)).toBe(true);
    expect(browser.outside).toEqual([]);
  });
});
