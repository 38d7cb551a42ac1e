// One request: how far it is, its images, and what can be done with it.

import * as api from './api.js';
import { again } from './again.js';
import { facts } from './elements.js';
import { Listing } from './listing.js';
import { bytes, isFinal, number, plain, progress, saving, time } from './words.js';

const REFRESH_MS = 1000;
const SAID_STEP = 10; // percent: a screen reader is told this often
const find = (id) => document.getElementById(id);

export function showRequest(id, signal, report) {
  const view = new View(id, signal, report);
  find('request-id').textContent = id;
  find('images-status').onchange = () => view.listImages();
  find('cancel').onclick = () => view.change('cancel');
  find('retry').onclick = () => view.change('retry');
  find('delete').onclick = () => view.erase();
  view.link(find('results'), api.resultsPath(id), `${id}_results.csv`);
  view.link(find('failures'), api.failuresPath(id), `${id}_failures.csv`);
  view.link(find('archive'), api.archivePath(id), `${id}.zip`);
  view.listImages();
  view.watch();
}

class View {
  constructor(id, signal, report) {
    Object.assign(this, { id, signal, report });
    this.seen = ''; // what the images were last asked for at
    this.said = -1;
    this.watching = false;
    for (const each of find('request-buttons').children) each.hidden = true;
    for (const name of ['request-state', 'request-count', 'announcer']) find(name).textContent = '';
    find('request-facts').replaceChildren();
    find('request-progress').value = 0;
  }

  // Until it is final; the images are asked for again whenever something has become of one.
  async watch() {
    if (this.watching) return;
    this.watching = true;
    await again(REFRESH_MS, this.signal, this.report, async () => {
      const request = await api.status(this.id, this.signal);
      this.show(request);
      if (this.seen !== request.updated_at) await this.images.refresh();
      this.seen = request.updated_at;
      return !isFinal(request);
    });
    this.watching = false;
  }

  show(request) {
    const final = isFinal(request);
    // Those that a cancelled request did not deal with count as neither processed nor failed.
    const made = request.processed_images - request.failed_images;
    const state = find('request-state');
    state.textContent = request.status;
    state.className = `state ${request.status}`;
    find('request-progress').value = request.completion_percentage;
    find('request-count').textContent = progress(request);
    showFacts(request);
    find('results').hidden = !final;
    find('failures').hidden = !final || made === request.total_images;
    find('archive').hidden = !final || made === 0;
    find('cancel').hidden = final;
    find('retry').hidden = !final || request.failed_images === 0;
    find('delete').hidden = !final;
    this.say(request);
  }

  say(request) {
    const step = Math.floor(request.completion_percentage / SAID_STEP);
    if (step === this.said && !isFinal(request)) return;
    this.said = step;
    find('announcer').textContent = isFinal(request)
      ? `${request.status}: ${progress(request)}`
      : `${Math.round(request.completion_percentage)} % done`;
  }

  listImages() {
    this.listed?.abort();
    this.listed = new AbortController();
    const signal = AbortSignal.any([this.signal, this.listed.signal]);
    const status = find('images-status').value;
    this.images = new Listing({
      list: find('images'),
      more: find('images-more'),
      template: find('image-card'),
      fetchPage: async (parameters) => {
        const page = await api.images(this.id, { status, ...parameters }, signal);
        return { entries: numbered(page.images), next: page.next_cursor };
      },
      keyOf: (image) => `${image.row}/${image.position}`,
      fill: fillCard,
      report: this.report,
      signal,
    });
    if (this.seen) this.images.refresh().catch(this.report);
  }

  async change(verb) {
    await this.attempt(async () => {
      this.show(await api.change(this.id, verb));
      this.seen = '';
      this.watch();
    });
  }

  async erase() {
    const dialog = find('confirm');
    dialog.returnValue = '';
    dialog.showModal();
    await new Promise((resolve) => {
      dialog.addEventListener('close', resolve, { once: true });
    });
    if (dialog.returnValue !== 'delete') return;
    await this.attempt(async () => {
      await api.erase(this.id);
      location.hash = '';
    });
  }

  // With the buttons out of reach meanwhile, so that nothing is done twice.
  async attempt(act) {
    const buttons = find('request-buttons').querySelectorAll('button');
    for (const button of buttons) button.disabled = true;
    try {
      await act();
    } catch (error) {
      this.report(error);
    }
    for (const button of buttons) button.disabled = false;
  }

  link(element, path, fileName) {
    element.href = path;
    element.onclick = (event) => {
      if (!api.accessKey()) return;
      event.preventDefault();
      api.saveWithKey(path, fileName).catch(this.report);
    };
  }
}

function showFacts(request) {
  const { quality, format, max_bytes: size } = request.options;
  const { max_width: width, max_height: height } = request.options;
  const pairs = {
    Created: time(request.created_at),
    Finished: request.finished_at ? time(request.finished_at) : 'not yet',
    'Bytes in': bytes(request.bytes_in),
    'Bytes out': bytes(request.bytes_out),
    Saved: saving(request.bytes_in, request.bytes_out),
    Quality: quality,
    Format: format === 'keep' ? 'as it is' : format.toUpperCase(),
    ...(width || height ? { 'Fits in': `${width ?? 'any'} × ${height ?? 'any'} pixels` } : {}),
    ...(size ? { 'At most': bytes(size) } : {}),
    Webhook: request.webhook_status.replace('_', ' '),
  };
  find('request-facts').replaceChildren(...facts(pairs));
}

// With `number` where a row has several.
function numbered(images) {
  return images.map((image, at) => {
    const isAlone = image.position === 1 && images[at + 1]?.row !== image.row;
    return isAlone ? image : { ...image, number: image.position };
  });
}

function fillCard(card, image) {
  const picture = card.querySelector('.picture');
  const fault = card.querySelector('.fault');
  card.querySelector('.serial').textContent = image.serial_number;
  card.querySelector('.product').textContent = plain(image.product_name);
  card.querySelector('.number').textContent = image.number ? ` · image ${image.number}` : '';
  card.querySelector('.hint').textContent = aboutImage(image);
  fault.hidden = !image.error;
  fault.textContent = image.error ? `${image.error.code}: ${plain(image.error.message)}` : '';
  if (!image.output_url) {
    picture.removeAttribute('href');
    picture.replaceChildren(image.status);
    return;
  }
  picture.href = api.outputPath(image.output_url);
  picture.replaceChildren(thumbnail(image));
}

function thumbnail(image) {
  const shown = new Image(image.width, image.height);
  shown.loading = 'lazy';
  shown.decoding = 'async';
  shown.alt = `${plain(image.product_name)}, image ${image.position}`;
  // Not every browser draws every format.
  shown.onerror = () => shown.replaceWith(image.format.toUpperCase());
  shown.src = api.outputPath(image.output_url);
  return shown;
}

function aboutImage(image) {
  if (image.status === 'failed') return plain(image.input_url);
  if (image.bytes_out === null) return `attempt ${number(image.attempts)}`;
  const saved = saving(image.bytes_in, image.bytes_out);
  return `${image.width} × ${image.height} ${image.format} · ` +
    `${bytes(image.bytes_in)} to ${bytes(image.bytes_out)}, ${saved} saved`;
}
