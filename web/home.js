// The first view: the form to upload, and the list of requests.

import * as api from './api.js';
import { Listing } from './listing.js';
import { again } from './again.js';
import { hideAnswer, showFindings, showRefusal } from './answer.js';
import { bytes, isFinal, progress, saving, time } from './words.js';

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
    send(form, event.submitter);
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

// Uploads, or asks first what would become of it, as the button says.
async function send(form, button) {
  const buttons = form.querySelectorAll('[type=submit]');
  const label = button.textContent;
  const isCheck = button.id === 'check';
  hideAnswer();
  for (const each of buttons) each.disabled = true;
  button.textContent = isCheck ? 'Checking…' : 'Uploading…';
  try {
    await (isCheck ? check(form) : upload(form));
  } catch (error) {
    showRefusal(error);
  }
  for (const each of buttons) each.disabled = false;
  button.textContent = label;
}

async function upload(form) {
  const accepted = await api.upload(filledIn(form));
  form.reset();
  location.hash = `request/${accepted.request_id}`;
}

async function check(form) {
  const fileName = find('file').files[0].name;
  showFindings(fileName, await api.check(filledIn(form)));
}

function filledIn(form) {
  const data = new FormData(form);
  for (const [name, value] of [...data]) if (value === '') data.delete(name);
  return data;
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
