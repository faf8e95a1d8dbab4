import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodePng } from '../../src/node/png.js';
import { openSafetensors } from '../../src/weights/safetensors.js';
import { memorySource } from '../../src/weights/source.js';
import { texts } from '../../web/src/texts.js';
import type { WatchedBrowser, WatchedContext } from './chromium.js';
import { chromiumPath, openBrowser, openContext, skippedBecause } from './chromium.js';
import {
  download,
  expectAccessible,
  finished,
  generate,
  generateButton,
  openPage,
  repositoryFile,
  shortSpeech,
  useShortSpeech,
} from './page.js';
import { serveSite, type Site } from './site.js';

const ffmpeg = spawnSync('ffmpeg', ['-version']).status === 0;

/** The default demo, from the click to the playing video, and what can be saved of it. */
describe.skipIf(!chromiumPath)(`the demo in the page${skippedBecause}`, () => {
  let site: Site;
  let browser: WatchedBrowser;
  let watched: WatchedContext;
  let page: Page;
  const folder = mkdtempSync(join(tmpdir(), 'float-web-'));
  beforeAll(async () => {
    site = await serveSite();
    browser = await openBrowser();
    watched = await openContext(browser, site);
    page = await watched.context.newPage();
    await page.addInitScript(() => {
      const tasks: number[] = ((globalThis as { longTasks?: number[] }).longTasks = []);
      new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) tasks.push(Math.round(duration));
      }).observe({ type: 'longtask' });
    });
    await openPage(page, site.url);
  });
  afterAll(async () => {
    await browser?.close();
    await site?.stop();
    rmSync(folder, { recursive: true });
  });

  it('plays a talking portrait after one click, with sound', async () => {
    await page.evaluate(() => ((globalThis as { longTasks?: number[] }).longTasks!.length = 0));
    const clicked = performance.now();
    await generateButton(page).click();
    const video = page.locator('video');
    await page.waitForFunction(() => (document.querySelector('video')?.currentTime ?? 0) > 0.5, undefined, {
      timeout: 240_000,
    });
    const playing = performance.now() - clicked;
    const generating = await page.getByRole('button', { name: texts.cancel }).isVisible();
    await finished(page);
    console.log(
      `playing after ${(playing / 1000).toFixed(1)} s${generating ? ', while frames were still being drawn' : ''}; ` +
        `done after ${((performance.now() - clicked) / 1000).toFixed(1)} s`,
    );
    const longTasks = await page.evaluate(() => (globalThis as { longTasks?: number[] }).longTasks!);
    console.log(`tasks over 50 ms on the page's thread: ${longTasks.length} ${JSON.stringify(longTasks)}`);

    const seen = await video.evaluate(async (element: HTMLVideoElement) => {
      element.pause();
      const canvas = new OffscreenCanvas(64, 64);
      const context = canvas.getContext('2d')!;
      const picture = async (time: number) => {
        const seeked = new Promise((resolve) => element.addEventListener('seeked', resolve, { once: true }));
        element.currentTime = time;
        await seeked;
        context.drawImage(element, 0, 0, 64, 64);
        return [...context.getImageData(0, 0, 64, 64).data];
      };
      const [first, second] = [await picture(1), await picture(1.4)];
      const mean = first.reduce((sum, value) => sum + value, 0) / first.length;
      const change = first.reduce((sum, value, i) => sum + Math.abs(value - second[i]!), 0) / first.length;
      const sound = (element as unknown as { webkitAudioDecodedByteCount: number })
        .webkitAudioDecodedByteCount;
      return { mean, change, sound, duration: element.duration, width: element.videoWidth };
    });
    expect(seen.width).toBe(512);
    expect(seen.duration).toBeCloseTo(4.1, 1);
    expect(seen.mean).toBeGreaterThan(90);
    expect(seen.change).toBeGreaterThan(0.5);
    expect(seen.sound).toBeGreaterThan(0);
  });

  it.skipIf(!ffmpeg)('saves an MP4 that decodes, pictures and sound in their places', async () => {
    const path = join(folder, 'saved.mp4');
    writeFileSync(path, await download(page, texts.run.saveVideo));
    const probe = (options: string[]) =>
      execFileSync('ffprobe', ['-v', 'error', ...options, '-of', 'csv=p=0', path], { encoding: 'utf8' });
    const { stderr } = spawnSync('ffmpeg', ['-v', 'error', '-i', path, '-f', 'null', '-'], {
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    const times = probe(['-select_streams', 'v', '-show_entries', 'frame=pts_time']).split('\n');
    const places = times.map(parseFloat).filter(Number.isFinite);
    expect(places.length).toBe(103);
    for (const [index, time] of places.entries()) expect(Math.abs(time - index / 25)).toBeLessThan(1e-4);
    expect(probe(['-show_entries', 'format_tags'])).toMatch(/AI-generated/);

    const recording = readFileSync(repositoryFile('examples/speech/neutral.wav')).subarray(44);
    const lag = delay(
      soundOf(path),
      new Int16Array(recording.buffer, recording.byteOffset, recording.length >> 1),
    );
    console.log(`sound ${((1000 * lag) / 16000).toFixed(2)} ms late`);
    expect(Math.abs(lag)).toBeLessThan(160);
  });

  it('has no accessibility violation with the panels of the inside open', async () => {
    await page.getByText(texts.inside.heading, { exact: true }).click();
    const tabs = page.getByRole('tab');
    await tabs.first().waitFor();
    for (const tab of await tabs.all()) {
      await tab.click();
      const panel = page.getByRole('tabpanel');
      await panel.locator('canvas, svg, table').first().waitFor({ timeout: 120_000 });
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        await expectAccessible(page);
      }
      const links = await panel
        .getByRole('link')
        .evaluateAll((all) => all.map((link) => (link as HTMLAnchorElement).href));
      for (const link of links.filter((href) => href.startsWith(site.origin))) {
        expect((await fetch(link)).status, link).toBe(200);
      }
    }
  });

  it('draws the frames that `float animate` draws from the same seed', async () => {
    await openPage(page, `${site.url}#portrait=portrait2&seed=7&nfe=3`);
    await useShortSpeech(page);
    await generate(page);
    const saved = unzipSync(await download(page, texts.run.saveFrames));
    const names = Object.keys(saved)
      .filter((name) => name.endsWith('.png'))
      .sort();

    writeFileSync(join(folder, 'short.wav'), shortSpeech());
    const options: [string, string][] = [
      ['--image', repositoryFile('examples/portraits/portrait2_512.png')],
      ['--audio', join(folder, 'short.wav')],
      ['--seed', '7'],
      ['--nfe', '3'],
      ['--frames-dir', join(folder, 'frames')],
      ['--adapter', process.env['FLOAT_TEST_ADAPTER'] ?? 'software'],
    ];
    execFileSync(process.execPath, [repositoryFile('dist/cli/main.js'), 'animate', ...options.flat()], {
      stdio: 'ignore',
    });
    const expected = readdirSync(join(folder, 'frames')).sort();
    expect(names.length).toBe(13);
    expect(expected.length).toBe(13);
    let [bytes, others, most] = [0, 0, 0];
    for (const [index, name] of names.entries()) {
      const ours = decodePng(saved[name]!, name);
      const theirs = decodePng(readFileSync(join(folder, 'frames', expected[index]!)), expected[index]!);
      expect([ours.width, ours.height]).toEqual([theirs.width, theirs.height]);
      for (const [i, value] of ours.data.entries()) {
        const difference = Math.abs(value - theirs.data[i]!);
        bytes++;
        if (difference > 0) others++;
        most = Math.max(most, difference);
      }
    }
    console.log(
      `${others} of ${bytes} bytes differ (${((100 * others) / bytes).toFixed(4)} %), by at most ${most}`,
    );
    expect(most).toBeLessThanOrEqual(1);
    expect(others / bytes).toBeLessThanOrEqual(0.001);
  });

  it('saves the motion of those frames', async () => {
    const file = memorySource('motion', await download(page, texts.run.saveMotion));
    const { tensors } = await openSafetensors(file);
    expect(tensors.get('motion')?.shape[0]).toBe(13);
  });

  it('stops when asked to, and keeps the video before', async () => {
    await generateButton(page).click();
    await page
      .getByText(/^[1-9]\d* of 13 frames/)
      .first()
      .waitFor({ timeout: 120_000 });
    await page.getByRole('button', { name: texts.cancel }).click();
    await page.getByText(texts.run.cancelled).first().waitFor();
    expect((await download(page, texts.run.saveVideo)).length).toBeGreaterThan(10_000);
  });

  it('complained of nothing and asked nobody else', () => {
    expect(watched.complaints).toEqual([]);
    expect(browser.outside).toEqual([]);
  });
});

/** A video's sound at 16 kHz, one channel. */
function soundOf(path: string): Int16Array {
  const raw = execFileSync(
    'ffmpeg',
    ['-v', 'error', '-i', path, '-f', 's16le', '-ac', '1', '-ar', '16000', '-'],
    {
      maxBuffer: 1 << 28,
    },
  );
  return new Int16Array(raw.buffer, raw.byteOffset, raw.length >> 1);
}

/** Samples (at most 1600) by which a sound comes later than the recording: where the two look most alike. */
function delay(sound: Int16Array, recording: Int16Array): number {
  let best = { lag: 0, likeness: -Infinity };
  const end = Math.min(sound.length, recording.length) - 1600;
  for (let lag = -1600; lag <= 1600; lag++) {
    let likeness = 0;
    for (let i = 1600; i < end; i++) likeness += sound[i]! * recording[i - lag]!;
    if (likeness > best.likeness) best = { lag, likeness };
  }
  return best.lag;
}
