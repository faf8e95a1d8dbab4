import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import axe from 'axe-core';
import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { texts } from '../../web/src/texts.js';

/** What the tests do with the page: as a visitor would, by the names that it gives its parts. */

export const repositoryFile = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** A 16 kHz WAV of half a second of an example: a run that takes seconds. */
export function shortSpeech(): Buffer {
  const wav = readFileSync(repositoryFile('examples/speech/neutral.wav'));
  const samples = wav.subarray(44 + 32000, 44 + 32000 + 16000);
  const header = Buffer.from(wav.subarray(0, 44));
  header.writeUInt32LE(36 + samples.length, 4);
  header.writeUInt32LE(samples.length, 40);
  return Buffer.concat([header, samples]);
}

/** Opens the page and waits for its first example. */
export async function openPage(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.getByRole('heading', { level: 1 }).waitFor();
  await ready(page);
}

/** Until portrait and speech have been read. */
export async function ready(page: Page): Promise<void> {
  await page.getByRole('img', { name: /^Waveform of/ }).waitFor();
  await page.getByText(texts.portrait.loading).waitFor({ state: 'hidden' });
}

export const section = (page: Page, heading: string): Locator => page.getByRole('region', { name: heading });

export const generateButton = (page: Page): Locator =>
  page.getByRole('button', { name: new RegExp(`^(${texts.run.generate}|${texts.run.again})$`) });

/** Clicks "Generate" and waits for the end of the run. */
export async function generate(page: Page, timeout = 180_000): Promise<void> {
  await generateButton(page).click();
  await finished(page, timeout);
}

export async function finished(page: Page, timeout = 180_000): Promise<void> {
  await page.getByRole('button', { name: texts.run.again }).waitFor({ timeout });
}

/** Puts the half second of speech in the place of the example. */
export async function useShortSpeech(page: Page): Promise<void> {
  await chooseFile(page, texts.speech.pick, {
    name: 'short.wav',
    mimeType: 'audio/wav',
    buffer: shortSpeech(),
  });
  await page.getByRole('img', { name: texts.speech.waveform(0.5) }).waitFor();
}

/** Chooses one of several, as a visitor does: by its label, which is all there is to see of a radio button. */
export async function choose(page: Page, heading: string, name: string | RegExp): Promise<void> {
  await section(page, heading).locator('label').filter({ hasText: name }).first().click();
}

interface NamedBytes {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

/** Chooses a file, or a folder by its path, with a file button. */
export async function chooseFile(page: Page, button: string, file: NamedBytes | string): Promise<void> {
  await page.getByLabel(button, { exact: true }).setInputFiles(file);
}

/** Drops a file onto the page. */
export async function drop(page: Page, { name, mimeType, buffer }: NamedBytes): Promise<void> {
  const transfer = await page.evaluateHandle(
    ([base64, name, type]) => {
      const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
      const transfer = new DataTransfer();
      transfer.items.add(new File([bytes], name, { type }));
      return transfer;
    },
    [buffer.toString('base64'), name, mimeType] as const,
  );
  for (const event of ['dragenter', 'dragover', 'drop']) {
    await page.locator('main').dispatchEvent(event, { dataTransfer: transfer });
  }
}

/** What a button or a link of the result saves. */
export async function download(page: Page, name: string): Promise<Buffer> {
  const download = page.waitForEvent('download', { timeout: 120_000 });
  await page.getByRole('group', { name: texts.run.save }).getByText(name, { exact: true }).click();
  return readFileSync(await (await download).path());
}

/** No violation of the rules that axe knows (WCAG 2.2 A and AA, and its best practices). */
export async function expectAccessible(page: Page): Promise<void> {
  // Through the browser's debugger, as the page's policy would not let us add a script.
  await page.evaluate(axe.source);
  const violations = await page.evaluate(async () => {
    // Colours on their way from light to dark are none to judge.
    for (const animation of document.getAnimations())
      if (animation instanceof CSSTransition) animation.finish();
    const { violations } = await (globalThis as unknown as { axe: typeof axe }).axe.run(document);
    return violations.map(
      ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(' | ')}`,
    );
  });
  expect(violations).toEqual([]);
}
