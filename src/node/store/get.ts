import { randomUUID } from 'node:crypto';
import { rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join, posix, relative, resolve, sep } from 'node:path';
import { InputError, messageOf } from '../../base/errors.js';
import type { FloatType } from '../../weights/encode.js';
import { openCheckpointFiles } from '../checkpoint-files.js';
import { WebFault } from '../download/fault.js';
import { fetchFile } from '../download/fetch-file.js';
import { removePart } from '../download/part.js';
import type { Patience } from '../download/retry.js';
import { authorsLink, publishedLicences, publishedSources, type Licence } from '../download/sources.js';
import type { Web } from '../download/web.js';
import { makeOutputFolders } from '../make-folders.js';
import { cannotWrite } from '../files.js';
import { userDataFolder } from '../user-data.js';
import { openWeights } from '../weights.js';
import { convertPart } from './convert-part.js';
import { keepDone, readDone, type Done } from './done.js';
import { lock } from './lock.js';
import { placesOf, PUBLISHED, type WeightPlaces } from './places.js';
import { downloadPath, planGiven, planHub, resultPath, type Plan, type PlannedPart } from './plan.js';
import { exists, findInstalled, writeRecord, type Installed, type WeightsRecord } from './record.js';
import { checkSpace, freeSpace } from './space.js';

/** What is asked before the first byte of weights. */
export interface Offer {
  readonly folder: string;
  readonly parts: readonly { readonly source: string; readonly bytes: number | undefined }[];
  /** To be fetched: of what is known; parts that are there already do not count. */
  readonly bytes: number;
  /** On the disk while it is made, and what is free there. */
  readonly needed: number;
  readonly free: number | undefined;
  readonly licences: readonly Licence[];
}

export interface GetOptions {
  readonly name: string;
  /** Addresses, `hf:OWNER/NAME`, paths; none for where the published weights are. */
  readonly from: readonly string[];
  readonly dtype: WeightsRecord['dtype'];
  readonly web: Web;
  readonly home?: string;
  /** Asks the user; throws if the answer is no. Not called where nothing is fetched. */
  readonly accept: (offer: Offer) => Promise<void>;
  readonly note: (line: string) => void;
  readonly onFetch?: (done: number, total: number) => void;
  readonly onConvert?: (source: string, done: number, total: number) => void;
  readonly signal?: AbortSignal;
  readonly wait?: Patience['wait'];
}

/**
 * Fetches weights, or takes them from this disk, into the user's data folder: each part is fetched, checked, converted
 * as `float convert` does and removed again, so that the disk never holds more than the result and one part. What was
 * done is kept when something stops it, and the same call goes on from there. Only when all is there and makes a model
 * does the result get its place, in one step; until then weights of that name stay as they were.
 *
 * @throws InputError saying why in one line.
 */
export async function getWeights(options: GetOptions): Promise<Installed> {
  const places = placesOf(options.name, options.home ?? userDataFolder());
  const { from, dtype, note } = options;
  if (from.length === 0 && places.name !== PUBLISHED) {
    throw new InputError(`${places.name}: expected --from, or the name ${PUBLISHED}`);
  }
  for (const path of from) checkOutside(path, places);
  const present =
    from.length > 0 ? undefined : await findInstalled(places.name, options.home).catch(() => undefined);
  if (present?.record.dtype === dtype) {
    note(`${places.name} is there already; to fetch it anew: float weights remove ${places.name}`);
    return present;
  }
  const folders = [
    ...(await makeOutputFolders(places.making)),
    ...(await makeOutputFolders(dirname(places.folder))),
  ];
  const free = lock(places.making, places.name);
  try {
    await rm(join(places.making, 'replaced'), { recursive: true, force: true });
    const done = await tryEach(options, async (plan) => makeFrom(plan, places, options));
    return await putInPlace(places, { ...done, name: places.name, dtype, made: new Date().toISOString() });
  } finally {
    free();
    // A refusal leaves no trace.
    for (const folder of folders.reverse()) await removeEmpty(folder);
  }
}

async function removeEmpty(folder: string): Promise<void> {
  await rmdir(folder).catch(() => undefined);
}

/** The folder of a name is replaced when its new weights are ready: they must not be made of it. */
function checkOutside(source: string, { folder, making, name }: WeightPlaces): void {
  if (/^(\w+:\/\/|hf:)/.test(source)) return;
  for (const ours of [folder, making]) {
    const inside = relative(ours, resolve(source));
    if (inside.split(sep)[0] === '..' || resolve(source) === inside) continue;
    throw new InputError(
      `--from ${source}: this is what would be replaced: give the new weights another name than ${name}`,
    );
  }
}

/** Sources in order, until one does. What fails for another reason than the server ends it. */
async function tryEach<T>(options: GetOptions, use: (plan: Plan) => Promise<T>): Promise<T> {
  const { web, from, name, note } = options;
  const patience = patienceOf(options);
  if (from.length > 0) return use(await planGiven(web, from, name === PUBLISHED, patience));
  const failures: string[] = [];
  for (const source of publishedSources) {
    try {
      return await use(await planHub(web, source, patience));
    } catch (error) {
      if (!(error instanceof WebFault)) throw error;
      failures.push(messageOf(error));
      if (failures.length < publishedSources.length)
        note(`hf:${source.hub}: ${messageOf(error)}; trying the next source`);
    }
  }
  const byHand = `or fetch float.pth from ${authorsLink} yourself and run: float weights get ${name} --from float.pth`;
  throw new InputError(`no source has it: ${failures.join('; ')}; ${byHand}`);
}

function patienceOf({ signal, wait, note }: GetOptions): Patience {
  return {
    signal,
    wait,
    onWait: (why, seconds) => note(`${why.message}; again in ${Math.ceil(seconds)} s`),
  };
}

async function makeFrom(plan: Plan, places: WeightPlaces, options: GetOptions) {
  const ready = join(places.making, 'ready');
  const results = resultsOf(plan.parts);
  const run = randomUUID();
  const keyOf = ({ source, remote }: PlannedPart, result: string) => {
    // A file on this disk may change between two runs: it is converted again, which costs little.
    const version = remote ? (remote.sha256 ?? `${remote.size} bytes`) : run;
    return [source, version, result, options.dtype].join(' ');
  };
  const keys = new Map([...results].map(([part, result]) => [part, keyOf(part, result)] as const));
  const done = await readDone(places.making, [...keys.values()]);
  const left = plan.parts.filter((part) => !done.has(keys.get(part)!));
  const licences = options.name === PUBLISHED ? [...publishedLicences, ...plan.stated] : plan.stated;
  await agree(left, licences, places, options);
  const fetched = new Map<PlannedPart, number>();
  const total = sum(left.map(({ remote }) => remote?.size ?? 0));
  for (const part of left) {
    const onBytes = (bytes: number) => {
      fetched.set(part, bytes);
      options.onFetch?.(sum([...fetched.values()]), total);
    };
    const made = await makePart(part, results.get(part)!, places.making, { ...options, onBytes });
    done.set(keys.get(part)!, made);
    await keepDone(places.making, done);
  }
  const opened = await openWeights(ready);
  await opened.close();
  const all = plan.parts.map((part) => done.get(keys.get(part)!)!);
  return {
    tensors: opened.weights.tensors.size,
    files: all.flatMap(({ files }) => files),
    from: all.map(({ from }) => from),
    licences: licences.map(({ what, terms, url }) => ({ what, terms, url })),
  };
}

/** Asks, where something is fetched, and sees that there is room. */
async function agree(
  left: readonly PlannedPart[],
  licences: readonly Licence[],
  { folder, making }: WeightPlaces,
  { dtype, accept }: GetOptions,
): Promise<void> {
  const sizes = left.map(({ remote }) => remote?.size ?? 0);
  const share = dtype === 'f32' ? 1 : 0.5;
  const results = left.map(({ values, remote }) =>
    values === undefined ? (remote?.size ?? 0) * share : values * 4 * share,
  );
  const needed = sum(results) + Math.max(0, ...sizes);
  await checkSpace(making, needed);
  if (left.every(({ remote }) => !remote)) return;
  await accept({
    folder,
    parts: left.map(({ source, remote, values = 0 }) => ({
      source,
      bytes: remote ? remote.size : values * 4,
    })),
    bytes: sum(sizes),
    needed,
    free: await freeSpace(making),
    licences,
  });
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

function resultsOf(parts: readonly PlannedPart[]): ReadonlyMap<PlannedPart, string> {
  const results = new Map<PlannedPart, string>();
  const owners = new Map<string, PlannedPart>();
  for (const part of parts) {
    const path = resultPath(part, parts.length === 1);
    const other = owners.get(path.toLowerCase());
    if (other)
      throw new InputError(`${other.source} and ${part.source} would both become ${path}: give one of them`);
    owners.set(path.toLowerCase(), part);
    results.set(part, path);
  }
  return results;
}

async function makePart(
  part: PlannedPart,
  result: string,
  making: string,
  options: GetOptions & { readonly onBytes: (bytes: number) => void },
): Promise<Done> {
  const { web, signal, onBytes, onConvert } = options;
  const { source, remote, config } = part;
  const patience = patienceOf(options);
  const path = part.local ?? downloadPath(join(making, 'parts'), part);
  let from: Done['from'] = { source, bytes: 4 * (part.values ?? 0), checked: false };
  if (remote) {
    await makeOutputFolders(dirname(path));
    const beside = config && join(dirname(path), posix.basename(config.path));
    if (config && beside !== undefined) await fetchFile(web, config, beside, patience);
    const { bytes, sha256, checked } = await fetchFile(web, remote, path, {
      ...patience,
      onBytes,
      weights: true,
    });
    from = { source, bytes, sha256, checked };
  }
  const { files, close } = await openCheckpointFiles([path]);
  try {
    const convert = {
      dtype: options.dtype.toUpperCase() as FloatType,
      signal,
      onBytes: (done: number, total: number) => onConvert?.(source, done, total),
    };
    const written = await convertPart(files[0]!, join(making, 'ready'), result, convert);
    if (remote) await removePart(path);
    return { files: written, from };
  } finally {
    await close();
  }
}

/** The new weights in the place of those that bore the name: there is no moment in which a part of them is there. */
async function putInPlace(places: WeightPlaces, record: WeightsRecord): Promise<Installed> {
  const { folder, making, name } = places;
  const ready = join(making, 'ready');
  const old = join(making, 'replaced');
  await writeRecord(ready, record);
  const hadOld = await exists(folder);
  try {
    if (hadOld) await rename(folder, old);
    await rename(ready, folder);
  } catch (error) {
    if (hadOld && !(await exists(folder))) await rename(old, folder).catch(() => undefined);
    throw cannotWrite(folder, error);
  }
  await rm(making, { recursive: true, force: true });
  const installed = await findInstalled(name, dirname(dirname(folder)));
  if (!installed) throw new InputError(`${folder}: it was removed at once by somebody else`);
  return installed;
}
