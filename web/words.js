// Figures, times and what came from outside, as people read them.

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'];

export function bytes(count) {
  const unit = Math.min(Math.floor(Math.log10(Math.max(count, 1)) / 3), UNITS.length - 1);
  const amount = count / 1000 ** unit;
  return `${amount.toLocaleString('en', { maximumFractionDigits: unit ? 1 : 0 })} ${UNITS[unit]}`;
}

// An invisible character in a name or an address may turn what stands behind it from right to left,
// so that it reads as another one. These are shown as what they are: nothing to read.
export const plain = (text) => text.replace(/[\u202a-\u202e\u2066-\u2069]/g, '\ufffd');

export const number = (count) => count.toLocaleString('en');

export const saving = (before, after) =>
  before ? `${((1 - after / before) * 100).toFixed(1)} %` : 'nothing yet';

export function duration(seconds) {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

// The server's times are UTC, without a mark that says so.
export const time = (text) => new Date(`${text}Z`).toLocaleString();

export const isFinal = (request) => ['completed', 'failed', 'cancelled'].includes(request.status);

export function progress(request) {
  const { processed_images: done, total_images: total, failed_images: failed } = request;
  const left = request.eta_seconds === null ? '' : `, ${duration(request.eta_seconds)} to go`;
  const lost = failed ? `, ${number(failed)} failed` : '';
  return `${number(done)} of ${number(total)} images${lost}${left}`;
}
