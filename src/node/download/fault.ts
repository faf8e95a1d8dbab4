import { InputError, messageOf } from '../../base/errors.js';

/** What a server, or the way to it, answered instead of a file. */
export class WebFault extends InputError {
  /** Whether asking again may help. */
  readonly passing: boolean;
  /** Seconds after which the server wants to be asked again. */
  readonly after: number | undefined;

  constructor(message: string, options: { passing?: boolean; after?: number | undefined } = {}) {
    super(message);
    this.passing = options.passing ?? false;
    this.after = options.after;
  }
}

/** An address as messages and records show it: without a password, and without the query, which may be a signature. */
export function shownUrl(url: string | URL): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}

/** What failed before there was an answer, or while it came. */
export function connectionFault(url: URL, error: unknown): WebFault {
  const cause = innermost(error);
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const message = messageOf(cause);
  const where = shownUrl(url);
  const proxy = /Proxy response \((\d+)\)/.exec(message)?.[1];
  if (proxy !== undefined) {
    return new WebFault(`${where}: the proxy answers ${proxy}: see HTTPS_PROXY, HTTP_PROXY and NO_PROXY`);
  }
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS/.test(code)) {
    const hint = 'behind a proxy that opens connections, give its certificate in NODE_EXTRA_CA_CERTS';
    return new WebFault(`${where}: the certificate does not hold (${code}): ${hint}`);
  }
  const words: Readonly<Record<string, string>> = {
    ENOTFOUND: `no computer is called ${url.hostname}, or there is no network`,
    EAI_AGAIN: `${url.hostname} cannot be looked up: there is no network?`,
    ECONNREFUSED: 'nobody answers there',
    ECONNRESET: 'the connection was dropped',
    EPIPE: 'the connection was dropped',
    UND_ERR_SOCKET: 'the connection was dropped',
    UND_ERR_CONNECT_TIMEOUT: 'no answer in time',
    UND_ERR_HEADERS_TIMEOUT: 'no answer in time',
    UND_ERR_BODY_TIMEOUT: 'nothing came any more',
  };
  return new WebFault(`${where}: ${words[code] ?? message}`, { passing: true });
}

function innermost(error: unknown): unknown {
  let at = error;
  while (at instanceof Error && at.cause instanceof Error) at = at.cause;
  return at;
}

/** Statuses after which the same request may succeed. */
const passing = new Set([408, 425, 429, 500, 502, 503, 504]);

export interface Answered {
  readonly status: number;
  /** The server's own words, if it has any. */
  readonly said?: string | undefined;
  readonly retryAfter?: string | undefined;
  /** Whether a token was sent along. */
  readonly withToken: boolean;
}

/** What a status other than success means, with what to do. */
export function statusFault(url: URL, { status, said, retryAfter, withToken }: Answered): WebFault {
  const words = said === undefined ? '' : ` (“${said}”)`;
  const where = `${shownUrl(url)}: ${status}${words}`;
  if (status === 401) {
    const hint = withToken
      ? 'HF_TOKEN is not accepted, or there is no such repository'
      : 'it asks for a login, or there is no such repository: set HF_TOKEN to a token of your account';
    return new WebFault(`${where}: ${hint}`);
  }
  if (status === 403) {
    const hint = 'no access: accept the conditions on its page, and set HF_TOKEN to a token of that account';
    return new WebFault(`${where}: ${hint}`);
  }
  if (status === 404 || status === 410) return new WebFault(`${where}: there is no such file`);
  const options = { passing: passing.has(status), after: secondsAfter(retryAfter) };
  const why = status === 429 ? 'too many requests' : status >= 500 ? 'the server has failed' : 'refused';
  return new WebFault(`${where}: ${why}`, options);
}

/** Of a Retry-After: seconds, or a date. */
function secondsAfter(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text.trim())) return Number(text);
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, (date - Date.now()) / 1000);
}
