/** What browsers add to the public API: a GPU, weights and media from URLs and files, video through WebCodecs. */
export {};
