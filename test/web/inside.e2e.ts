import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { insideTexts as said } from '../../web/src/texts.js';
import { texts } from '../../web/src/texts.js';
import type { WatchedBrowser, WatchedContext } from './chromium.js';
import { chromiumPath, openBrowser, openContext, skippedBecause } from './chromium.js';
import { generate, openPage, useShortSpeech } from './page.js';
import { serveSite, type Site } from './site.js';

/** Looking inside a run of half a second, as a visitor would with the keyboard. */
describe.skipIf(!chromiumPath)(`looking inside${skippedBecause}`, () => {
  let site: Site;
  let browser: WatchedBrowser;
  let watched: WatchedContext;
  let page: Page;
  beforeAll(async () => {
    site = await serveSite();
    browser = await openBrowser();
    watched = await openContext(browser, site);
    page = await watched.context.newPage();
    await openPage(page, `${site.url}#nfe=3`);
    await useShortSpeech(page);
    await generate(page);
    await page.getByText(texts.inside.heading, { exact: true }).click();
    await page.getByRole('tablist').waitFor();
  });
  afterAll(async () => {
    await browser?.close();
    await site?.stop();
  });

  const panel = () => page.getByRole('tabpanel');
  const slider = (name: string) => page.getByRole('slider', { name, exact: true });
  const picture = (canvas: Locator) => canvas.evaluate((c: HTMLCanvasElement) => c.toDataURL());

  async function open(tab: string): Promise<void> {
    await page.getByRole('tab', { name: tab }).click();
    await panel().locator('.inside-answer').first().waitFor({ timeout: 120_000 });
    await settled();
  }
  const settled = () => panel().locator('[aria-busy=true]').waitFor({ state: 'detached', timeout: 120_000 });

  it('has tabs that arrow keys go through, one of them in the tab order', async () => {
    const names = [said.motion, said.directions, said.flow, said.attention, said.ode, said.kernels];
    const tabs = page.getByRole('tab');
    expect(await tabs.allTextContents()).toEqual(names.map(({ tab }) => tab));
    await tabs.first().focus();
    await page.keyboard.press('ArrowLeft');
    const focused = () => page.evaluate(() => document.activeElement?.textContent);
    expect(await focused()).toBe(said.kernels.tab);
    await page.keyboard.press('Home');
    expect(await focused()).toBe(said.motion.tab);
    const inOrder = await tabs.evaluateAll((all) => all.map((tab) => (tab as HTMLElement).tabIndex));
    expect(inOrder).toEqual([0, -1, -1, -1, -1, -1]);
  });

  it('shows λ over time, says what it shows, and takes the video to a frame', async () => {
    await open(said.motion.tab);
    const plot = panel().getByRole('img');
    expect(await plot.getAttribute('aria-label')).toMatch(/ lies between −?\d.* and −?\d/);
    const before = await picture(plot);
    await slider(said.frame).fill('5');
    await page.waitForFunction(() => Math.floor(document.querySelector('video')!.currentTime * 25) === 5);
    expect(await page.locator('.inside-frame output').textContent()).toBe(said.frameAt(5, 13, 0.2));
    expect(await picture(plot)).not.toBe(before);
    await page.getByRole('button', { name: said.motion.none }).click();
    await panel().getByRole('img', { name: said.motion.empty }).waitFor();
    await page.getByRole('checkbox', { name: /^jaw/ }).check();
    await panel()
      .getByRole('img', { name: /^jaw lies/ })
      .waitFor();
  });

  it('redraws the face when a direction is moved, and the identity when all are 0', async () => {
    await open(said.directions.tab);
    const [portrait, identity, yours] = await panel().getByRole('img').all();
    expect(await picture(yours!)).toBe(await picture(portrait!));
    await slider('jaw').focus();
    for (let i = 0; i < 30; i++) await page.keyboard.press('ArrowRight');
    await panel()
      .getByText(/^Against the portrait: jaw \+/)
      .waitFor();
    await expect.poll(() => picture(yours!)).not.toBe(await picture(portrait!));
    await page.getByRole('button', { name: said.directions.identity }).click();
    await expect.poll(() => picture(yours!), { timeout: 30_000 }).toBe(await picture(identity!));
  });

  it('shows flow, mask and features at every resolution', async () => {
    await open(said.flow.tab);
    const headings = panel().getByRole('heading', { level: 3 });
    expect(await headings.allTextContents()).toEqual([8, 16, 32, 64].map(said.flow.level));
    const flow = panel().getByRole('img', { name: said.flow.columnOf(said.flow.columns.flow, 64) });
    const before = await picture(flow);
    await slider(said.frame).fill('11');
    await expect.poll(() => picture(flow), { timeout: 30_000 }).not.toBe(before);
  });

  it('shows each block’s and head’s attention', async () => {
    await open(said.attention.tab);
    await page.getByRole('combobox', { name: said.attention.block }).selectOption('3');
    const heads = panel().getByRole('img', { name: said.attention.blockAt(3) });
    expect(await heads.count()).toBe(4);
  });

  it('shows the guidance’s terms and the way from noise to motion', async () => {
    await open(said.ode.tab);
    await panel()
      .getByRole('img', { name: /^At the start u is \d/ })
      .waitFor();
    await page.getByRole('combobox', { name: said.ode.pathOf }).selectOption({ label: 'yaw' });
    await panel()
      .getByRole('img', { name: /^In this frame yaw goes from/ })
      .waitFor();
  });

  it('times the kernels', async () => {
    await open(said.kernels.tab);
    await panel().getByRole('table').first().waitFor({ timeout: 120_000 });
    const rows = panel().getByRole('rowheader');
    expect(await rows.allTextContents()).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^conv2d/),
        expect.stringMatching(/^attention/),
        'grid_sample',
      ]),
    );
  });

  it('said nothing in the console and asked nobody else', () => {
    expect(watched.complaints).toEqual([]);
    expect(browser.outside).toEqual([]);
  });
});
