import { Marked } from 'marked';
import { policy } from './policy.js';

/*
 * The pages for reading that lie beside the page: the model's description and every kernel. Panels that look inside
 * link to `docs/model.html#sec-N` and `shaders/NAME.wgsl.html`.
 */

const escape = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const document = (title: string, body: string) => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta http-equiv="Content-Security-Policy" content="${policy.build}" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${escape(title)} – FLOAT</title>
    <link rel="icon" href="../icon.png" />
    <link rel="stylesheet" href="../reading.css" />
  </head>
  <body>
    <nav><a href="../">The page</a> · <a href="../docs/model.html">The model</a></nav>
    <main>
${body}
    </main>
  </body>
</html>
`;

/** A link of the repository's documents as it is beside the page: kernels have a page there, other files have none. */
function siteLink(href: string): string | undefined {
  if (/^https?:/.test(href)) return href;
  const kernel = /^\.\.\/shaders\/(?:processor\/)?(\w+\.wgsl)$/.exec(href)?.[1];
  return kernel && `../shaders/${kernel}.html`;
}

/** A heading over no column is none. */
function tableCell(content: string, tag: 'th' | 'td'): string {
  return content === '' ? '<td></td>' : `<${tag}>${content}</${tag}>`;
}

/** docs/model.md as a page; the heading "## N. …" has the id `sec-N`. */
export function modelPage(markdown: string): string {
  const marked = new Marked({
    renderer: {
      heading({ tokens, depth, text }) {
        const section = /^(\d+)\./.exec(text)?.[1];
        const id = section === undefined ? '' : ` id="sec-${section}"`;
        return `<h${depth}${id}>${this.parser.parseInline(tokens)}</h${depth}>\n`;
      },
      link({ href, tokens }) {
        const target = siteLink(href);
        const inner = this.parser.parseInline(tokens);
        return target === undefined ? inner : `<a href="${escape(target)}">${inner}</a>`;
      },
      table(token) {
        // Wide tables scroll by themselves; what scrolls must be reachable by keyboard.
        const row = (cells: typeof token.header, tag: 'th' | 'td') =>
          `<tr>${cells.map((cell) => tableCell(this.parser.parseInline(cell.tokens), tag)).join('')}</tr>`;
        const body = token.rows.map((cells) => row(cells, 'td')).join('\n');
        return `<div class="wide" tabindex="0"><table><thead>${row(token.header, 'th')}</thead><tbody>${body}</tbody></table></div>\n`;
      },
      code({ text }) {
        return `<pre tabindex="0"><code>${escape(text)}</code></pre>\n`;
      },
    },
  });
  return document('The model, exactly', marked.parse(markdown, { async: false }));
}

/** A kernel: the comment at its head as text, then the code. */
export function kernelPage(name: string, source: string): string {
  const lines = source.trimEnd().split('\n');
  const first = lines.findIndex((line) => !line.startsWith('//'));
  const about = lines.slice(0, first).map((line) => line.replace(/^\/\/ ?/, ''));
  const code = lines.slice(first).join('\n').trim();
  return document(
    name,
    `      <h1>${escape(name)}</h1>
<pre class="about" tabindex="0">${escape(about.join('\n'))}</pre>
<pre tabindex="0"><code>${escape(code)}</code></pre>`,
  );
}
