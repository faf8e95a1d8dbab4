import type { Readable } from 'node:stream';
import { EnvHttpProxyAgent, request } from 'undici';
import { InputError, messageOf } from '../../base/errors.js';
import { escapeControls } from '../../base/escape.js';
import { connectionFault, shownUrl, statusFault, WebFault } from './fault.js';

/** The servers, through the proxies that `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` name. */
export interface Web {
  /** Where Hugging Face's API and files are: `HF_ENDPOINT`, without a slash at the end. */
  readonly hub: string;
  /**
   * Asks for a file, through redirects. The caller reads the body, or destroys it.
   *
   * @throws WebFault for any status but 200 and 206; what `signal` was aborted with.
   */
  open(url: string, options?: AskOptions): Promise<Answer>;
  /** Ends all connections. */
  close(): Promise<void>;
}

export interface AskOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** Statuses that are an answer too. */
  readonly allowed?: readonly number[];
}

type Headers = Readonly<Record<string, string | string[] | undefined>>;

export interface Answer {
  readonly status: number;
  /** Of the server that answered in the end, names in small letters. */
  readonly headers: Headers;
  /** Of all servers on the way there, that one last. */
  readonly hops: readonly Headers[];
  readonly body: Readable;
}

export interface WebOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** How long a server may say nothing, in milliseconds. */
  readonly patience?: number;
}

const maxHops = 10;

/**
 * @throws InputError if an address in the environment is none.
 */
export function openWeb({ env = process.env, patience = 30_000 }: WebOptions = {}): Web {
  const hub = address(env['HF_ENDPOINT'] || 'https://huggingface.co', 'HF_ENDPOINT').href.replace(/\/+$/, '');
  const agent = proxies(env, patience);
  const token = env['HF_TOKEN']?.trim();
  return {
    hub,
    async open(from, { headers = {}, signal, allowed = [] } = {}) {
      let url = address(from, from);
      const hops: Headers[] = [];
      const login = basicLogin(url);
      const start = url.origin;
      let tokenSent = false;
      for (;;) {
        // A token is for the servers it was meant for, not for those they send us to.
        const withToken = token !== undefined && token !== '' && url.origin === new URL(hub).origin;
        tokenSent ||= withToken;
        const authorization = withToken
          ? `Bearer ${token}`
          : url.origin === start && login !== undefined
            ? login
            : undefined;
        const sent = { 'user-agent': 'float-webgpu', ...headers, ...(authorization && { authorization }) };
        const answer = await request(url, { dispatcher: agent, headers: sent, signal: signal ?? null }).catch(
          (error: unknown) => {
            signal?.throwIfAborted();
            throw connectionFault(url, error);
          },
        );
        const { statusCode: status, headers: got, body } = answer;
        // Who destroys a body that was not read to its end need not hear of it.
        body.on('error', () => undefined);
        hops.push(got);
        const location = headerOf(got, 'location');
        if (status >= 300 && status < 400 && location !== undefined) {
          await body.dump().catch(() => undefined);
          if (hops.length > maxHops) throw new WebFault(`${shownUrl(from)}: more than ${maxHops} redirects`);
          url = redirected(url, location);
          continue;
        }
        if (status === 200 || status === 206 || allowed.includes(status)) {
          const encoding = headerOf(got, 'content-encoding');
          if (encoding === undefined || encoding === 'identity') return { status, headers: got, hops, body };
          body.destroy();
          throw new WebFault(`${shownUrl(url)}: expected the file as it is, got it encoded as ${encoding}`);
        }
        const said = headerOf(got, 'x-error-message') ?? (await saidIn(body, headerOf(got, 'content-type')));
        const retryAfter = headerOf(got, 'retry-after');
        throw statusFault(url, { status, said: said && excerpt(said), retryAfter, withToken: tokenSent });
      }
    },
    close: () => agent.destroy(),
  };
}

export function headerOf(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : value?.[0];
}

function address(text: string, what: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol)) {
    throw new InputError(`${what}: expected an address that begins with https:// or http://`);
  }
  return url;
}

function proxies(env: Readonly<Record<string, string | undefined>>, patience: number): EnvHttpProxyAgent {
  const named = (name: string) => env[name.toLowerCase()] ?? env[name] ?? '';
  try {
    return new EnvHttpProxyAgent({
      headersTimeout: patience,
      bodyTimeout: patience,
      connectTimeout: patience,
      httpProxy: named('HTTP_PROXY'),
      httpsProxy: named('HTTPS_PROXY'),
      noProxy: named('NO_PROXY'),
    });
  } catch (error) {
    throw new InputError(`HTTPS_PROXY, HTTP_PROXY: expected the address of a proxy: ${messageOf(error)}`);
  }
}

/** A name and password in the address itself. */
function basicLogin({ username, password }: URL): string | undefined {
  if (username === '' && password === '') return undefined;
  const text = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return `Basic ${Buffer.from(text).toString('base64')}`;
}

function redirected(from: URL, location: string): URL {
  if (!URL.canParse(location, from)) {
    throw new WebFault(`${shownUrl(from)}: a redirect to no address`);
  }
  const url = new URL(location, from);
  if (
    !['http:', 'https:'].includes(url.protocol) ||
    (from.protocol === 'https:' && url.protocol !== 'https:')
  ) {
    throw new WebFault(`${shownUrl(from)}: a redirect to ${url.protocol}//, which is not encrypted`);
  }
  return url;
}

/** The message in a JSON answer, as Hugging Face's API gives it; anything else says nothing to a person. */
async function saidIn(body: Readable & { text(): Promise<string> }, type = ''): Promise<string | undefined> {
  try {
    if (!type.includes('json')) return undefined;
    const json: unknown = JSON.parse((await body.text()).slice(0, 10_000));
    return typeof json === 'object' && json !== null && 'error' in json ? String(json.error) : undefined;
  } catch {
    return undefined;
  } finally {
    body.destroy();
  }
}

function excerpt(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return escapeControls(line.length > 120 ? `${line.slice(0, 119)}…` : line);
}
