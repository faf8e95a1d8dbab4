/* global XMLHttpRequest */
// What the page takes for `node:fs`: files that scripts shared with Node read come from the bench's server.

/** The text at an address. */
export function readFileSync(url) {
  const request = new XMLHttpRequest();
  request.open('GET', url, false);
  request.send();
  if (request.status !== 200) throw new Error(`${url}: ${request.status}`);
  return request.responseText;
}
