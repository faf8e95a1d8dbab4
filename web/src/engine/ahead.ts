/** The same items in order, each asked for while the one before is in use: the GPU draws one frame while another is encoded. */
export async function* ahead<T>(items: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
  const iterator = items[Symbol.asyncIterator]();
  let coming = iterator.next();
  try {
    for (let item = await coming; !item.done; item = await coming) {
      coming = iterator.next();
      // Whoever waits for it next is told; nobody may ever wait.
      coming.catch(() => undefined);
      yield item.value;
    }
  } finally {
    await coming.catch(() => undefined);
    await iterator.return?.();
  }
}
