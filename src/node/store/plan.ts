import { stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, posix, relative, resolve, sep } from 'node:path';
import { InputError } from '../../base/errors.js';
import { joinWeights } from '../../weights/join.js';
import { elementCount } from '../../weights/source.js';
import { openCheckpointFiles } from '../checkpoint-files.js';
import { filesInFolder, type FolderNames } from '../checkpoint-folder.js';
import { shownUrl, WebFault } from '../download/fault.js';
import { listHub, parseHubAddress } from '../download/hub.js';
import type { RemoteFile } from '../download/part.js';
import type { Patience } from '../download/retry.js';
import { originalEncoders, type HubSource, type Licence } from '../download/sources.js';
import type { Web } from '../download/web.js';

/** One file or folder to make weights of. */
export interface PlannedPart {
  /** What messages and the record call it. */
  readonly source: string;
  /** Its path below what it came in, with slashes, and what that is called: names of the result. */
  readonly path: string;
  readonly root: string;
  /** To be fetched, with the configuration that lies beside it there. */
  readonly remote?: RemoteFile;
  readonly config?: RemoteFile & { readonly path: string };
  /** On this disk: a file, or a folder. */
  readonly local?: string;
  /** Of the weights in it, where that is known. */
  readonly values?: number;
}

export interface Plan {
  readonly parts: readonly PlannedPart[];
  /** As the servers state them. */
  readonly stated: readonly Licence[];
}

/** Whole checkpoints from Hugging Face. */
export async function planHub(web: Web, source: HubSource, patience: Patience): Promise<Plan> {
  const { hub: name, revision = 'main', known = {} } = source;
  const listing = await listHub(web, { name, revision }, patience);
  const paths = source.paths ?? (await weightsAmong([...listing.files.keys()], `hf:${name}`));
  const at = (path: string): RemoteFile => {
    const file = listing.files.get(path);
    if (!file) throw new WebFault(`hf:${name}: there is no ${path} in it`);
    return { ...file, ...known[path] };
  };
  const parts = paths.map((path): PlannedPart => {
    const config = [posix.join(posix.dirname(path), 'config.json'), path.replace(/\.\w+$/, '.json')].find(
      (beside) => listing.files.has(beside),
    );
    return {
      source: `hf:${name}@${listing.revision}/${path}`,
      path,
      root: posix.basename(name),
      remote: at(path),
      ...(config !== undefined && { config: { ...at(config), path: config } }),
    };
  });
  const terms = listing.licence ?? 'none stated';
  return { parts, stated: [{ what: `hf:${name}, as its page states`, terms, url: `${web.hub}/${name}` }] };
}

/** The files of weights among the paths of a repository: those that the same folder on a disk would be read for. */
async function weightsAmong(paths: readonly string[], what: string): Promise<string[]> {
  const list = (folder: string): Promise<FolderNames> => {
    const inside = paths.map((path) => relativeTo(folder, path)).filter((path) => path !== undefined);
    const files = inside.filter((path) => !path.includes('/'));
    const folders = inside
      .filter((path) => path.includes('/'))
      .map((path) => path.slice(0, path.indexOf('/')));
    return Promise.resolve({ files: files.sort(), folders: [...new Set(folders)].sort() });
  };
  const groups = await filesInFolder('', { list }).catch((error: unknown) => {
    if (error instanceof InputError)
      throw new WebFault(`${what}: expected files of a checkpoint, found none`);
    throw error;
  });
  const found = groups.flatMap(({ paths }) => paths.map((path) => path.split(sep).join('/')));
  return found.flatMap((path) => {
    // An index stands for its shards.
    if (!path.endsWith('.index.json')) return [path];
    const stem = path.replace(/\.\w+\.index\.json$/, '-');
    return paths.filter((other) => other.startsWith(stem) && /-\d{5}-of-\d{5}\.\w+$/.test(other));
  });
}

function relativeTo(folder: string, path: string): string | undefined {
  const prefix = folder.split(sep).join('/');
  if (prefix === '' || prefix === '.') return path;
  return path.startsWith(`${prefix}/`) ? path.slice(prefix.length + 1) : undefined;
}

/**
 * What `--from` names, each an address, `hf:OWNER/NAME`, or a path.
 *
 * @param complete whether wav2vec2 that files on this disk lack are to be fetched from where they are published.
 */
export async function planGiven(
  web: Web,
  sources: readonly string[],
  complete: boolean,
  patience: Patience,
): Promise<Plan> {
  const plans: Plan[] = [];
  for (const source of sources) plans.push(await planOne(web, source, patience));
  if (complete && plans.every(({ parts }) => parts.every(({ local }) => local !== undefined))) {
    for (const missing of await missingEncoders(sources)) plans.push(await planHub(web, missing, patience));
  }
  return { parts: plans.flatMap(({ parts }) => parts), stated: plans.flatMap(({ stated }) => stated) };
}

function planOne(web: Web, source: string, patience: Patience): Promise<Plan> {
  if (source.startsWith('hf:')) {
    const address = parseHubAddress(source.slice(3));
    if (!address)
      throw new InputError(`--from: expected hf:OWNER/NAME or hf:OWNER/NAME@REVISION, got ${source}`);
    return planHub(web, { hub: address.name, revision: address.revision }, patience);
  }
  if (!/^\w+:\/\//.test(source)) return planLocal(source);
  if (!/^https?:\/\//i.test(source) || !URL.canParse(source)) {
    throw new InputError(`--from: expected https://…, hf:OWNER/NAME or a path, got ${source}`);
  }
  const url = new URL(source);
  // The page of a file is meant as the file, and that of a repository as the repository.
  const page =
    url.origin === new URL(web.hub).origin ? /^\/([^/]+\/[^/]+)\/?$/.exec(url.pathname)?.[1] : undefined;
  if (page !== undefined) return planOne(web, `hf:${page}`, patience);
  if (url.origin === new URL(web.hub).origin)
    url.pathname = url.pathname.replace(/^(\/[^/]+\/[^/]+)\/blob\//, '$1/resolve/');
  const name = decodeURIComponent(posix.basename(url.pathname)) || 'weights';
  const terms = 'not known here: ask whoever offers it';
  return Promise.resolve({
    parts: [{ source: shownUrl(url), path: name, root: url.hostname, remote: { url: url.href } }],
    stated: [{ what: shownUrl(url), terms, url: shownUrl(url) }],
  });
}

async function planLocal(path: string): Promise<Plan> {
  const { files, close } = await openCheckpointFiles([path]);
  await close();
  const isFolder = (await stat(path)).isDirectory();
  const top = isFolder ? path : dirname(path);
  const parts = files.map(({ weights: { name, tensors } }): PlannedPart => {
    const inside = relative(top, name);
    const values = [...tensors.values()].reduce((sum, { shape }) => sum + elementCount(shape), 0);
    return {
      source: resolve(name),
      path: isAbsolute(inside) ? basename(name) : inside.split(sep).join('/'),
      root: basename(resolve(top)),
      local: name,
      values,
    };
  });
  return { parts, stated: [] };
}

/** The wav2vec2 of which files on this disk hold nothing. */
async function missingEncoders(paths: readonly string[]): Promise<HubSource[]> {
  const { files, close } = await openCheckpointFiles(paths);
  try {
    const names = [...joinWeights(files).tensors.keys()];
    const has = (prefix: string) => names.some((name) => name.startsWith(prefix));
    return [
      ...(has('audio_encoder.wav2vec2.') ? [] : [originalEncoders.wav2vec2]),
      ...(has('emotion_encoder.') ? [] : [originalEncoders.emotion]),
    ];
  } finally {
    await close();
  }
}

/**
 * Where the weights of a part go: its name, without the folder's of the copy it came in; one of Hugging Face's models in
 * a folder of its own, by which the two are told apart.
 */
export function resultPath({ path, root }: PlannedPart, isOnly: boolean): string {
  if (isOnly) return 'weights.safetensors';
  const plain = (text: string) => text.replace(/[^\w.-]/g, '-').replace(/^\.+/, '');
  const folder = plain(
    posix
      .dirname(path)
      .split('/')
      .filter((name) => name !== '.')
      .join('-'),
  );
  const stem = plain(
    posix.basename(path).replace(/\.(safetensors|pth|pt|ckpt|bin|json)(\.index\.json)?$/i, ''),
  );
  const saved = /^(pytorch_)?model(-\d{5}-of-\d{5})?$/.exec(stem);
  const name = `${stem.replace(/^pytorch_model/, 'model') || 'weights'}.safetensors`;
  if (!saved) return folder === '' ? name : `${folder}/${name}`;
  return `${folder || plain(root) || 'model'}/${name}`;
}

/** Where a part is fetched to. */
export function downloadPath(folder: string, { path, root }: PlannedPart): string {
  const escape = (text: string) => text.replace(/[^\w.-]/g, '-').replace(/^\.+/, '_');
  return join(folder, escape(root), ...path.split('/').map(escape));
}
