import { render } from 'preact';

render(<p>float-webgpu</p>, document.getElementById('app') as HTMLElement);
