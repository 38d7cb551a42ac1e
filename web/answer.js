// What the server says of a CSV, beneath the form: why it refuses it, or what a check found.

import { Problem } from './api.js';
import { element, facts, table } from './elements.js';
import { bytes, number, plain } from './words.js';

const find = (id) => document.getElementById(id);

export function hideAnswer() {
  find('refusal').hidden = true;
  find('findings').hidden = true;
}

export function showRefusal(error) {
  const known = error instanceof Problem;
  show('refusal', [
    element('h2', known ? error.title : 'The server does not answer'),
    element('p', known ? plain(error.message) : 'Nothing was uploaded. Is it running?'),
    ...(known ? faults(error.rows, error.rowsTotal) : []),
  ]);
  if (known && error.status === 401) find('key-box').open = true;
}

export function showFindings(fileName, found) {
  const verdict = found.valid ? 'would be taken' : 'would be refused';
  show('findings', [
    element('h2', `${plain(fileName)} ${verdict}`),
    ...(found.valid ? [] : [element('p', `${found.error}: ${plain(found.detail)}`)]),
    counts(found),
    ...faults(found.errors, found.errors_total),
    ...hosts(found),
    ...sample(found.sample),
  ]);
}

function show(id, content) {
  const box = find(id);
  box.replaceChildren(...content);
  box.hidden = false;
  box.focus();
}

function counts(found) {
  const list = document.createElement('dl');
  list.append(...facts({
    Rows: number(found.rows),
    'Invalid rows': number(found.rows_invalid),
    Images: number(found.total_images),
    'Distinct URLs': number(found.distinct_urls),
    Hosts: number(found.hosts),
  }));
  return list;
}

// Each of these is a table, or nothing where there is nothing to show.
function faults(rows, total) {
  if (!rows.length) return [];
  const caption =
    total > rows.length ? `The first ${rows.length} of ${total} faults` : 'What to mend';
  const texts = rows.map(({ row, column, message }) => [row, column, plain(message)]);
  return [table(caption, ['Row', 'Column', 'What is wrong'], texts)];
}

function hosts({ hosts: total, top_hosts: top }) {
  if (!top.length) return [];
  const caption = total > top.length ? `The ${top.length} hosts with the most URLs` : 'Hosts';
  const texts = top.map(({ host, urls }) => [plain(host), number(urls)]);
  return [table(caption, ['Host', 'URLs'], texts)];
}

function sample(urls) {
  if (!urls.length) return [];
  const texts = urls.map((each) => [plain(each.input_url), whatIsThere(each)]);
  return [table('A sample of what is there', ['URL', 'Found'], texts)];
}

function whatIsThere({ ok, error, format, bytes: size }) {
  if (!ok) return `${error.code}: ${plain(error.message)}`;
  return size === null ? format : `${format}, ${bytes(size)}`;
}
