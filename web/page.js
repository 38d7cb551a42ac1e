// The page: which view is shown, the key, and what goes wrong in any of them. Everything that came
// from outside is put in as text, never as HTML.

import { accessKey, keepAccessKey, Problem } from './api.js';
import { showHome } from './home.js';
import { showRequest } from './request.js';
import { plain } from './words.js';

const find = (id) => document.getElementById(id);
let leaving = new AbortController();

function reveal(view) {
  for (const name of ['home', 'request', 'missing']) find(name).hidden = name !== view;
}

// Shows what is wrong, or that nothing is any more.
function report(error) {
  if (error?.name === 'AbortError') return;
  // All that is asked for in this view belongs to the request.
  const isGone = error?.status === 404 && !find('request').hidden;
  if (isGone) reveal('missing');
  const trouble = find('trouble');
  trouble.hidden = !error || isGone;
  if (trouble.hidden) return;
  if (error.status === 401) find('key-box').open = true;
  trouble.textContent = error instanceof Problem
    ? `${error.title}: ${plain(error.message)}`
    : 'The server does not answer.';
}

function show() {
  leaving.abort();
  leaving = new AbortController();
  report(null);
  const [, id] = location.hash.match(/^#request\/(.*)/) ?? [];
  const isId = /^[0-9a-f-]{36}$/i.test(id);
  const named = isId ? 'request' : 'missing';
  const view = id === undefined ? 'home' : named;
  reveal(view);
  document.title = isId ? `Request ${id.slice(0, 8)}: imgmill` : 'imgmill';
  const { signal } = leaving;
  // A view that was left says nothing.
  const tell = (error) => signal.aborted || report(error);
  if (view === 'home') showHome(signal, tell);
  if (view === 'request') showRequest(id, signal, tell);
}

function followKey() {
  const field = find('key');
  field.value = accessKey();
  field.addEventListener('change', () => {
    keepAccessKey(field.value.trim());
    show();
  });
}

addEventListener('hashchange', () => {
  if (location.hash === '#main') return; // the link that skips to the content
  show();
  find('main').querySelector(':scope > div:not([hidden]) h1').focus();
});
followKey();
show();
