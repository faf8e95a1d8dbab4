import { createInterface } from 'node:readline/promises';
import { InputError } from '../base/errors.js';
import { escapeControls } from '../base/escape.js';
import { openWeb } from '../node/download/web.js';
import { getWeights, type Offer } from '../node/store/get.js';
import { unfinishedNames } from '../node/store/manage.js';
import type { WeightsRecord } from '../node/store/record.js';
import { megabytes } from '../node/store/space.js';
import { createProgress, transferStatus } from './progress.js';
import { summary, type QuietFlags } from './weights.js';

export interface GetFlags extends QuietFlags {
  from?: string[];
  dtype: WeightsRecord['dtype'];
  acceptLicence?: boolean;
}

export async function runGet(name: string, flags: GetFlags, signal: AbortSignal): Promise<void> {
  const { from = [], dtype, acceptLicence, quiet = false } = flags;
  const progress = createProgress(quiet);
  const web = openWeb();
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  const rate = transferStatus();
  try {
    const made = await getWeights({
      name,
      from,
      dtype,
      web,
      signal,
      note: progress.note,
      accept: (offer) => accept(offer, { accepted: acceptLicence === true, note: progress.note, signal }),
      onFetch: (done, total) => progress.status(...rate(done, total, seconds())),
      onConvert: (source, done, total) =>
        progress.status(`converting ${source}  ${((100 * done) / total).toFixed(0)} %`, 'converting'),
    });
    progress.end();
    progress.note(`${summary(made)}, in ${made.folder}`);
  } catch (error) {
    progress.end();
    const begun = signal.aborted
      ? (await unfinishedNames().catch(() => new Map<string, number>())).get(name)
      : undefined;
    if (begun !== undefined)
      progress.note(`${megabytes(begun)} are kept: the same command goes on from there`);
    throw error;
  } finally {
    progress.end();
    await web.close();
  }
}

interface Acceptance {
  readonly accepted: boolean;
  readonly note: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Shows sizes and licences, and asks. */
async function accept(offer: Offer, { accepted, note, signal }: Acceptance): Promise<void> {
  const lines = offerLines(offer);
  if (accepted) return lines.forEach(note);
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    lines.forEach(note);
    throw new InputError('nothing was fetched: the licences above must be accepted: add --accept-licence');
  }
  process.stderr.write(lines.map((line) => `${escapeControls(line)}\n`).join(''));
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  // In raw mode the terminal hands Ctrl-C to whoever reads it.
  terminal.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  try {
    const answer = await terminal.question('Fetch this, and accept these licences? [y/N] ', { signal });
    if (!/^y(es)?$/i.test(answer.trim()))
      throw new InputError('nothing was fetched: the licences were not accepted');
  } finally {
    terminal.close();
  }
}

/** What is about to be fetched, before the first byte of it. */
export function offerLines({ parts, bytes, folder, needed, free, licences }: Offer): string[] {
  const sized = (size: number | undefined) => (size === undefined ? 'size not known yet' : megabytes(size));
  return [
    ...parts.map(({ source, bytes }) => `${source}: ${sized(bytes)}`),
    `${megabytes(bytes)} to fetch into ${folder}; ${megabytes(needed)} of the disk while it is made` +
      (free === undefined ? '' : `, ${megabytes(free)} are free`),
    'Licences:',
    ...licences.map(({ what, terms, url }) => `  ${what}: ${terms} (${url})`),
  ];
}
