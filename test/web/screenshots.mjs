// Pictures of the built page for the docs: npm run web:build && npx vite preview web, and beside it
// node test/web/screenshots.mjs [address] [folder]
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launchChromium } from './launch.mjs';

const [
  address = 'http://localhost:4173/',
  folder = fileURLToPath(new URL('../../docs/images', import.meta.url)),
] = process.argv.slice(2);
if (!existsSync(folder)) mkdirSync(folder);

const browser = await launchChromium();
const desktop = { width: 1280, height: 900 };
const phone = { width: 390, height: 844 };
const page = await browser.newPage({ viewport: desktop, reducedMotion: 'reduce' });

async function shoot(name) {
  const path = join(folder, `web-${name}.png`);
  await page.screenshot({ path });
  // With 256 colours they take a third.
  const palette = '[0]split[a][b];[a]palettegen[p];[b][p]paletteuse=dither=bayer:bayer_scale=5';
  const small = `${path}.png`;
  if (spawnSync('ffmpeg', ['-v', 'error', '-i', path, '-lavfi', palette, small]).status === 0)
    renameSync(small, path);
  console.log(path);
}

async function showFromTop(selector) {
  await page.locator(selector).evaluate((element) => element.scrollIntoView({ block: 'start' }));
  await page.waitForTimeout(300);
}

await page.goto(`${address}#portrait=portrait2&speech=happy`);
await page.getByRole('img', { name: /^Waveform/ }).waitFor();
await page.getByRole('button', { name: 'Generate' }).click();
await page.getByRole('button', { name: 'Generate again' }).waitFor({ timeout: 300_000 });
await page.locator('video').evaluate(async (video) => {
  video.pause();
  const seeked = new Promise((resolve) => video.addEventListener('seeked', resolve, { once: true }));
  video.currentTime = 1.2;
  await seeked;
});
await page.mouse.move(0, 0);
// The player's controls and its sign of seeking fade.
await page.waitForTimeout(4000);
await page.evaluate(() => globalThis.scrollTo(0, 0));
await shoot('desktop-light');
await page.emulateMedia({ colorScheme: 'dark' });
await page.waitForTimeout(500);
await shoot('desktop-dark');

await page.setViewportSize(phone);
await page.evaluate(() => globalThis.scrollTo(0, 0));
await page.waitForTimeout(500);
await shoot('phone-dark');
await page.emulateMedia({ colorScheme: 'light' });
await showFromTop('figure.stage');
await shoot('phone-light');

await page.setViewportSize(desktop);
await page.locator('#inside-heading').click();
const tabs = page.getByRole('tab');
await tabs.first().waitFor();
async function showPanel(index) {
  await tabs.nth(index).click();
  await page.getByRole('tabpanel').locator('canvas, svg, table').first().waitFor({ timeout: 120_000 });
  await page.waitForTimeout(5000);
  await showFromTop('section.inside');
}
await showPanel(1);
await shoot('inside-directions');
await showPanel(2);
await shoot('inside-flow');
await page.setViewportSize(phone);
await page.emulateMedia({ colorScheme: 'dark' });
await showPanel(0);
await shoot('inside-phone-dark');
await browser.close();
