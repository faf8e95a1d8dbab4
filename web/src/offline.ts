// Registers the service worker that keeps the page for use without a network; only the built page has one.
if (import.meta.env.PROD && 'serviceWorker' in navigator) {
  window.addEventListener('load', () => {
    navigator.serviceWorker.register('./sw.js').catch((error: unknown) => {
      console.warn('The page will not work offline:', error);
    });
  });
}
