import { render } from 'preact';
import { listModels, openGpu } from './actions.js';
import { App } from './app.js';
import { followLink } from './link.js';

render(<App />, document.getElementById('app') as HTMLElement);
followLink();
void openGpu('page');
void listModels();
