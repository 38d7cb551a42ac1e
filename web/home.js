// The first view: the form to upload, and the list of requests.

import * as api from './api.js';
import { Listing } from './listing.js';
import { again } from './again.js';
import { bytes, isFinal, plain, progress, saving, time } from './words.js';

const REFRESH_MS = 2000;
const find = (id) => document.getElementById(id);

export function showHome(signal, report) {
  followForm(signal);
  const filter = find('requests-status');
  let listed = new AbortController();
  filter.onchange = () => {
    listed.abort();
    listed = new AbortController();
    listRequests(filter.value, AbortSignal.any([signal, listed.signal]), report);
  };
  filter.onchange();
}

// Upload

function followForm(signal) {
  const form = find('upload');
  const drop = form.querySelector('.drop');
  const over = (is) => drop.classList.toggle('over', is);
  const listen = (on, name, act) => on.addEventListener(name, act, { signal });
  listen(form, 'submit', (event) => {
    event.preventDefault();
    send(form);
  });
  // A bad option must be seen to be mended. The event does not bubble.
  const unfold = (event) => event.target.closest('details')?.setAttribute('open', '');
  form.addEventListener('invalid', unfold, { capture: true, signal });
  listen(document, 'dragover', (event) => {
    event.preventDefault();
    over(true);
  });
  listen(document, 'dragleave', () => over(false));
  listen(document, 'drop', (event) => {
    event.preventDefault(); // or the browser would leave the page for the file
    over(false);
    if (event.dataTransfer.files.length) find('file').files = event.dataTransfer.files;
  });
}

async function send(form) {
  const button = form.querySelector('[type=submit]');
  find('refusal').hidden = true;
  button.disabled = true;
  button.textContent = 'Uploading…';
  try {
    const data = new FormData(form);
    for (const [name, value] of [...data]) if (value === '') data.delete(name);
    const accepted = await api.upload(data);
    form.reset();
    location.hash = `request/${accepted.request_id}`;
  } catch (error) {
    refuse(error);
  }
  button.disabled = false;
  button.textContent = 'Upload';
}

function refuse(error) {
  const box = find('refusal');
  const title = document.createElement('h2');
  const detail = document.createElement('p');
  const known = error instanceof api.Problem;
  title.textContent = known ? error.title : 'The server does not answer';
  detail.textContent = known ? plain(error.message) : 'Nothing was uploaded. Is it running?';
  box.replaceChildren(title, detail);
  if (known && error.rows.length) box.append(tableOf(error));
  if (known && error.status === 401) find('key-box').open = true;
  box.hidden = false;
  box.focus();
}

function tableOf({ rows, rowsTotal }) {
  const table = document.createElement('table');
  const caption = table.createCaption();
  caption.className = 'hint';
  caption.textContent =
    rowsTotal > rows.length ? `The first ${rows.length} of ${rowsTotal} faults` : 'What to mend';
  const head = table.createTHead().insertRow();
  for (const name of ['Row', 'Column', 'What is wrong']) {
    const cell = document.createElement('th');
    cell.scope = 'col';
    cell.textContent = name;
    head.append(cell);
  }
  const body = table.createTBody();
  for (const fault of rows) {
    const row = body.insertRow();
    for (const text of [fault.row, fault.column, plain(fault.message)])
      row.insertCell().textContent = text;
  }
  return table;
}

// Requests

function listRequests(status, signal, report) {
  const none = find('requests-none');
  const listing = new Listing({
    list: find('requests'),
    more: find('requests-more'),
    template: find('request-card'),
    fetchPage: async (parameters) => {
      const page = await api.requests({ status, ...parameters }, signal);
      return { entries: page.requests, next: page.next_cursor };
    },
    keyOf: (request) => request.request_id,
    fill: fillCard,
    report,
    signal,
  });
  again(REFRESH_MS, signal, report, async () => {
    await listing.refresh();
    none.hidden = listing.size > 0;
    return true;
  });
}

function fillCard(card, request) {
  const link = card.querySelector('.name');
  const state = card.querySelector('.state');
  const bar = card.querySelector('progress');
  link.href = `#request/${request.request_id}`;
  link.textContent = time(request.created_at);
  state.textContent = request.status;
  state.className = `state ${request.status}`;
  bar.value = request.completion_percentage;
  bar.ariaLabel = `${request.completion_percentage} % dealt with`;
  bar.hidden = isFinal(request);
  const saved = request.bytes_in
    ? ` · ${bytes(request.bytes_in)} became ${bytes(request.bytes_out)}, ` +
      `${saving(request.bytes_in, request.bytes_out)} saved`
    : '';
  card.querySelector('.hint').textContent = progress(request) + saved;
}
