// The server, as the page talks to it. Addresses are relative, so that the page may stand anywhere.

const KEY_NAME = 'imgmill-key';

export const accessKey = () => sessionStorage.getItem(KEY_NAME) ?? '';

export function keepAccessKey(key) {
  if (key) sessionStorage.setItem(KEY_NAME, key);
  else sessionStorage.removeItem(KEY_NAME);
}

// What the server says when it refuses (application/problem+json).
export class Problem extends Error {
  constructor(status, body) {
    super(body.detail);
    this.status = status;
    this.title = body.error;
    this.rows = body.errors ?? [];
    this.rowsTotal = body.errors_total ?? 0;
  }
}

async function problemOf(reply) {
  // A proxy in between may answer in its own way.
  const unknown = { error: 'Something went wrong', detail: `the answer was ${reply.status}` };
  return new Problem(reply.status, await reply.json().catch(() => unknown));
}

async function call(method, path, { body, signal } = {}) {
  const headers = accessKey() ? { Authorization: `Bearer ${accessKey()}` } : {};
  const reply = await fetch(path, { method, headers, body, signal, cache: 'no-store' });
  if (!reply.ok) throw await problemOf(reply);
  return reply;
}

const json = async (...request) => (await call(...request)).json();

const query = (parameters) =>
  new URLSearchParams(Object.entries(parameters).filter(([, value]) => value)).toString();

export const upload = (form) => json('POST', 'api/upload', { body: form });
export const check = (form) => json('POST', 'api/upload?dry_run=1', { body: form });
export const status = (id, signal) => json('GET', `api/status/${id}`, { signal });
export const requests = (parameters, signal) =>
  json('GET', `api/requests?${query(parameters)}`, { signal });
export const images = (id, parameters, signal) =>
  json('GET', `api/requests/${id}/images?${query(parameters)}`, { signal });
export const change = (id, verb) => json('POST', `api/requests/${id}/${verb}`);
export const erase = (id) => call('DELETE', `api/requests/${id}`);

export const resultsPath = (id) => `results/${id}_results.csv`;
export const archivePath = (id) => `api/requests/${id}/archive`;
export const failuresPath = (id) => `api/requests/${id}/failures.csv`;

// A link cannot show a key: with one, what is behind it is fetched and then saved.
export async function saveWithKey(path, fileName) {
  const reply = await call('GET', path);
  const address = URL.createObjectURL(await reply.blob());
  const link = document.createElement('a');
  link.href = address;
  link.download = fileName;
  link.click();
  URL.revokeObjectURL(address);
}

// An output's address on this server, whatever name the server goes by in its links.
export function outputPath(url) {
  const at = url.indexOf('/processed/');
  return at < 0 ? url : url.slice(at + 1);
}
