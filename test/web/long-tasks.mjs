// How long the page's own thread is kept busy while a video is made. The longtask observer of the tests measures time on the
// clock, in which other programs may have had the processor; here Chromium's trace says both.
// npm run web:build && npx vite preview web, and beside it: node test/web/long-tasks.mjs [address]
import { launchChromium } from './launch.mjs';

const [address = 'http://localhost:4173/'] = process.argv.slice(2);
const browser = await launchChromium();
const page = await browser.newPage();
await page.goto(address);
await page.getByRole('img', { name: /^Waveform/ }).waitFor();
await page.waitForTimeout(3000);
await browser.startTracing(page, { categories: ['toplevel'] });
await page.getByRole('button', { name: 'Generate' }).click();
await page.getByRole('button', { name: 'Generate again' }).waitFor({ timeout: 300_000 });
const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
await browser.close();

const threadOf = ({ pid, tid }) => `${pid}:${tid}`;
const mains = traceEvents
  .filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain')
  .map(threadOf);
const tasksOf = (main) =>
  traceEvents.filter((event) => event.ph === 'X' && /RunTask/.test(event.name) && threadOf(event) === main);
// The browser has other renderers, which do nothing.
const tasks = mains.map(tasksOf).reduce((most, other) => (other.length > most.length ? other : most));

const milliseconds = (key) => tasks.map((task) => (task[key] ?? 0) / 1000).sort((a, b) => b - a);
const [clock, processor] = [milliseconds('dur'), milliseconds('tdur')];
const over = (times) => times.filter((time) => time > 50).length;
const sum = (times) => (times.reduce((total, time) => total + time, 0) / 1000).toFixed(1);
console.log(`${tasks.length} tasks on the page's thread`);
console.log(
  `by the clock: ${over(clock)} over 50 ms, the longest ${clock[0].toFixed(1)} ms, ${sum(clock)} s in all`,
);
console.log(
  `of processor time: ${over(processor)} over 50 ms, the longest ${processor[0].toFixed(1)} ms, ${sum(processor)} s in all`,
);
