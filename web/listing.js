// A list that comes in pages and changes while it is looked at: each entry keeps its element, which
// is filled anew only when the entry has changed.

const PAGE = 48;
const SHOWN_MAX = 500; // of what is kept up to date: the most that one answer holds

export class Listing {
  // fetchPage(parameters) -> { entries, next }; keyOf(entry) -> string; fill(element, entry)
  constructor({ list, more, template, fetchPage, keyOf, fill, report, signal }) {
    Object.assign(this, { list, more, template, fetchPage, keyOf, fill, report });
    this.shown = new Map();
    this.next = null;
    list.replaceChildren();
    more.hidden = true;
    more.addEventListener('click', () => this.#showMore(), { signal });
  }

  get size() {
    return this.shown.size;
  }

  // Asks again for what is shown, from the beginning.
  async refresh() {
    const limit = Math.min(Math.max(this.shown.size, PAGE), SHOWN_MAX);
    const page = await this.fetchPage({ limit });
    const fresh = new Map(page.entries.map((entry) => [this.keyOf(entry), entry]));
    if (this.shown.size <= limit) {
      for (const [key, { element }] of this.shown) {
        if (fresh.has(key)) continue;
        element.remove();
        this.shown.delete(key);
      }
      this.#goOn(page.next);
    }
    this.#put(page.entries);
  }

  async #showMore() {
    this.more.disabled = true;
    try {
      const page = await this.fetchPage({ limit: PAGE, cursor: this.next });
      this.#put(page.entries, this.list.lastElementChild);
      this.#goOn(page.next);
    } catch (error) {
      this.report(error);
    }
    this.more.disabled = false;
  }

  #goOn(next) {
    this.next = next;
    this.more.hidden = !next;
  }

  // In their order: new ones behind the one before them, or at the top.
  #put(entries, before = null) {
    for (const entry of entries) {
      const text = JSON.stringify(entry);
      const known = this.shown.get(this.keyOf(entry)) ?? this.#add(entry, before);
      if (known.text !== text) this.fill(known.element, entry);
      known.text = text;
      before = known.element;
    }
  }

  #add(entry, before) {
    const known = { element: this.template.content.firstElementChild.cloneNode(true), text: '' };
    if (before) before.after(known.element);
    else this.list.prepend(known.element);
    this.shown.set(this.keyOf(entry), known);
    return known;
  }
}
