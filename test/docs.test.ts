import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';
import { Command } from 'commander';
import { lexer, type Token, type Tokens, walkTokens } from 'marked';
import { describe, expect, it } from 'vitest';
import { addCommands } from '../src/cli/commands.js';

/** What the documents and comments name must exist: files, anchors, scripts, options, functions. */

const root = join(import.meta.dirname, '..');
const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .trim()
  .split('\n')
  .filter((path) => existsSync(join(root, path)));
const textOf = (path: string) => readFileSync(join(root, path), 'utf8');
const pages = tracked.filter((path) => path.endsWith('.md') && !path.startsWith('test/'));
const sources = tracked.filter(
  (path) => /\.(ts|tsx|mts|mjs|wgsl|py|c|cuh|sh|css|yml)$/.test(path) && !path.includes('fixtures/'),
);
const everySource = sources.map(textOf).join('\n');
const everyScript = sources
  .filter((path) => /^(bench|tools)\//.test(path))
  .map(textOf)
  .join('\n');
/** Not ours, or ours in another place: of the official repository, of WGSL, of Chromium, in a user's folder, when built. */
const elsewhere = new Set([
  ...['generate.py', 'FLOAT.py', 'generator.py', 'styledecoder.py', '--fix_noise_seed', '--no_crop'],
  ...['subgroupBroadcast', '--enable-unsafe-webgpu', '--use-webgpu-adapter', 'weights/weights.safetensors'],
  ...['docs/model.html', 'nameReference'],
]);
const folders = new Set(tracked.map((path) => path.split('/')[0]));
const names = new Set(tracked.map((path) => basename(path)));

interface Page {
  path: string;
  /** Links and pictures, as written. */
  links: string[];
  /** Inline code. */
  spans: string[];
  /** Lines of code blocks. */
  lines: string[];
  anchors: Set<string>;
}

/** GitHub's anchor of a heading. */
function slug(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-');
}

function readPage(path: string): Page {
  const page: Page = { path, links: [], spans: [], lines: [], anchors: new Set() };
  void walkTokens(lexer(textOf(path)), (token: Token) => {
    if (token.type === 'link' || token.type === 'image') page.links.push((token as Tokens.Link).href);
    if (token.type === 'codespan') page.spans.push((token as Tokens.Codespan).text);
    if (token.type === 'code') page.lines.push(...(token as Tokens.Code).text.split('\n'));
    if (token.type === 'heading') page.anchors.add(slug((token as Tokens.Heading).text.replace(/`/g, '')));
  });
  return page;
}

const read = new Map(pages.map((path) => [path, readPage(path)]));
const all = [...read.values()];
const inCode = (of: (code: string, page: Page) => string[]) =>
  all.flatMap((page) => [...page.spans, ...page.lines].flatMap((code) => of(code, page)));

/** What is wrong with a link, if anything. */
function brokenLink(page: Page, link: string): string[] {
  if (/^[a-z]+:/.test(link)) return [];
  const [path = '', anchor] = decodeURI(link).split('#');
  const target = path === '' ? page.path : normalize(join(dirname(page.path), path)).replace(/\/$/, '');
  if (!existsSync(join(root, target))) return [`${page.path}: ${link}`];
  if (anchor === undefined || read.get(target)?.anchors.has(anchor)) return [];
  return [`${page.path}: ${link}: no such heading`];
}

/** Paths below a folder of ours that a text names. NAME and STAGE stand for any; web/dist is built. */
function ourPaths(text: string): string[] {
  return [...text.matchAll(/(?<![\w./@$-])(?:\.\.?\/)?([\w-]+(?:\/[\w.-]+)+)/g)]
    .map((match) => match[1] ?? '')
    .map((path) => path.replace(/\W+$/, ''))
    .filter((path) => folders.has(path.split('/')[0] ?? ''))
    .filter((path) => !/NAME|STAGE|FILE|\/dist/.test(path) && !elsewhere.has(path));
}

const missing = (path: string) => !existsSync(join(root, path));

function optionsOf(): Map<string, Set<string>> {
  const program = new Command('float');
  const { signal } = new AbortController();
  addCommands(program, signal);
  return new Map(
    program.commands.map((command) => [
      command.name(),
      // With those of commands under it.
      new Set(
        [command, ...command.commands].flatMap(({ options }) => [
          ...options.map(({ long }) => long ?? ''),
          '--help',
        ]),
      ),
    ]),
  );
}

const float = optionsOf();
const longOptions = (text: string) =>
  [...text.matchAll(/(?<![\w-])--[a-z][a-z0-9_-]*/g)].map(([option]) => option);

/** What runs a command of ours, and the options it is given. A comment behind `#` is no part of it. */
function commandsOf(code: string): { program: string; options: string[] }[] {
  return code
    .replace(/ #.*/, '')
    .split(/&&|\||;/)
    .flatMap((part) => {
      const match =
        /(?:^|\s)(?:npx )?float ([a-z]+)\b(?! webgpu)|(?:^|\s)(?:node|python3?|bash) ([\w./-]+\.\w+)|npm run ([\w:]+)/.exec(
          part,
        );
      if (!match) return [];
      return [{ program: match[1] ?? match[2] ?? `npm:${match[3]}`, options: longOptions(part) }];
    });
}

const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };

/** Whether a script, or a file beside it, reads an option: as `'--name'`, `'name'` or a key of parseArgs. */
function reads(program: string, option: string): boolean {
  const path = program.startsWith('npm:')
    ? (/(?:node|python3) ((?:bench|tools)\/[\w./-]+)/.exec(scripts[program.slice(4)] ?? '')?.[1] ?? '')
    : program;
  if (path === '') return true;
  const text = textOf(path);
  const beside = [...text.matchAll(/from '(\.\.?\/[\w/-]+\.mjs)'/g)].map(([, file]) =>
    join(dirname(path), file ?? ''),
  );
  const passedOn = text.includes("'animate'") && float.get('animate')?.has(option) === true;
  return passedOn || named(option).test([text, ...beside.map(textOf)].join('\n'));
}

const named = (option: string) =>
  new RegExp(`['"]${option}\\b|['"]${option.slice(2)}['"]|\\b${option.slice(2)}:`);

describe('documents', () => {
  it('reads pages, links, code and commands at all', () => {
    expect(pages.length).toBeGreaterThan(15);
    expect(all.flatMap(({ links }) => links).length).toBeGreaterThan(200);
    expect(float.get('animate')?.has('--image')).toBe(true);
    expect(inCode((code) => commandsOf(code).map(({ program }) => program)).length).toBeGreaterThan(40);
    expect(ourPaths('see src/ops/linear.ts, and test/ops/.')).toEqual(['src/ops/linear.ts', 'test/ops']);
  });

  it('link to files and headings that exist', () => {
    expect(all.flatMap((page) => page.links.flatMap((link) => brokenLink(page, link)))).toEqual([]);
  });

  it('name files that exist', () => {
    const wrong = inCode((code, page) =>
      ourPaths(code)
        .filter(missing)
        .map((path) => `${page.path}: ${path}`),
    );
    const files = all.flatMap((page) =>
      page.spans
        .filter((code) => /^[\w-]+\.(wgsl|ts|mjs|py)$/.test(code) && !names.has(code) && !elsewhere.has(code))
        .map((code) => `${page.path}: ${code}`),
    );
    expect([...wrong, ...files]).toEqual([]);
  });

  it('name commands, scripts and options that exist', () => {
    const wrong = inCode((code, page) =>
      commandsOf(code).flatMap(({ program, options }) => {
        const where = `${page.path}: ${program}`;
        const flags = float.get(program);
        if (flags)
          return options.filter((option) => !flags.has(option)).map((option) => `${where} ${option}`);
        if (program.startsWith('npm:') && !scripts[program.slice(4)]) return [`${where}: no such script`];
        if (!program.startsWith('npm:') && missing(program)) return [`${where}: no such command`];
        return options.filter((option) => !reads(program, option)).map((option) => `${where} ${option}`);
      }),
    );
    expect(wrong).toEqual([]);
  });

  it('name options of the command, or of a script', () => {
    const known = new Set([...float.values()].flatMap((options) => [...options]));
    const wrong = all.flatMap((page) =>
      page.spans
        .filter((code) => code.startsWith('--'))
        .flatMap((code) => longOptions(code))
        .filter((option) => !known.has(option) && !elsewhere.has(option) && !named(option).test(everyScript))
        .map((option) => `${page.path}: ${option}`),
    );
    expect(wrong).toEqual([]);
  });

  it('name every option of every command', () => {
    const said = new Set(inCode((code) => longOptions(code)));
    const unsaid = [...float].flatMap(([command, options]) =>
      [...options].filter((option) => !said.has(option)).map((option) => `${command} ${option}`),
    );
    expect(unsaid).toEqual([]);
  });

  it('name functions and types that exist', () => {
    const wrong = all.flatMap((page) =>
      page.spans
        .map((code) => /^([a-z]+[A-Z]\w*|[A-Z][a-z]+[A-Z]\w*)(\(|$)/.exec(code)?.[1])
        .filter(
          (name) =>
            name !== undefined && !elsewhere.has(name) && !new RegExp(`\\b${name}\\b`).test(everySource),
        )
        .map((name) => `${page.path}: ${name}`),
    );
    expect(wrong).toEqual([]);
  });

  it('keep prose to 120 characters a line', () => {
    const long = pages.flatMap((path) => {
      let fenced = false;
      return textOf(path)
        .split('\n')
        .flatMap((line, i) => {
          if (line.startsWith('```')) fenced = !fenced;
          const whole = fenced || /^\s*\||^\s*!\[/.test(line) || !/\s/.test(line.trim().slice(0, 119));
          return whole || line.length <= 120 ? [] : [`${path}:${i + 1}: ${line.length}`];
        });
    });
    expect(long).toEqual([]);
  });
});

describe('comments', () => {
  const comments = (path: string) =>
    textOf(path)
      .split('\n')
      .filter((line) => /^\s*(\/\/|\/?\*|#|""")|\/\/ /.test(line))
      .join('\n');

  it('name files that exist', () => {
    const own = sources.filter((path) => path !== 'test/shaders.test.ts');
    const wrong = own.flatMap((path) => {
      const text = comments(path);
      const files = [...text.matchAll(/(?<![\w./*-])([\w-]+\.(?:wgsl|md|py))(?![\w(])/g)].map(
        (m) => m[1] ?? '',
      );
      return [...ourPaths(text).filter(missing), ...files.filter((file) => !names.has(file))].map(
        (file) => `${path}: ${file}`,
      );
    });
    expect(wrong).toEqual([]);
  });
});
