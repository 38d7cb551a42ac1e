// The page: which view is shown, the key, and what goes wrong in any of them. Everything that came
// from outside is put in as text, never as HTML.

import { accessKey, keepAccessKey, Problem } from './api.js';
import { showHome } from './home.js';
import { showRequest } from './request.js';

const find = (id) => document.getElementById(id);
let leaving = new AbortController();

// Shows what is wrong, or that nothing is any more. A view that was left says nothing.
function report(error) {
  if (error?.name === 'AbortError') return;
  const trouble = find('trouble');
  trouble.hidden = !error;
  if (!error) return;
  if (error.status === 401) find('key-box').open = true;
  trouble.textContent =
    error instanceof Problem ? `${error.title}: ${error.message}` : 'The server does not answer.';
}

function show() {
  leaving.abort();
  leaving = new AbortController();
  report(null);
  const id = location.hash.match(/^#request\/([0-9a-f-]{36})$/i)?.[1];
  find('home').hidden = Boolean(id);
  find('request').hidden = !id;
  document.title = id ? `Request ${id.slice(0, 8)}: imgmill` : 'imgmill';
  if (id) showRequest(id, leaving.signal, report);
  else showHome(leaving.signal, report);
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
  find(find('home').hidden ? 'request' : 'home').querySelector('h1').focus();
});
followKey();
show();
