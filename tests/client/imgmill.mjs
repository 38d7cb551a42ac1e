// A client of imgmill for Node.js and browsers: fetch and FormData are all that it needs.

export class Refused extends Error {
  constructor(problem) {
    super(`${problem.error}: ${problem.detail}`);
    this.problem = problem; // application/problem+json, as web/openapi.yaml describes it
  }
}

export class Imgmill {
  constructor(server, { key } = {}) {
    this.server = server.replace(/\/$/, '');
    this.headers = key ? { Authorization: `Bearer ${key}` } : {};
  }

  async ask(path, options = {}) {
    const reply = await fetch(this.server + path, { ...options, headers: this.headers });
    if (!reply.ok) throw new Refused(await reply.json());
    return reply;
  }

  // `csv` is a Blob; options are the form's other parts. The request's id.
  async upload(csv, options = {}) {
    const form = new FormData();
    for (const [name, value] of Object.entries(options)) form.append(name, String(value));
    form.append('file', csv, 'products.csv');
    const reply = await this.ask('/api/upload', { method: 'POST', body: form });
    return (await reply.json()).request_id;
  }

  async status(id) {
    return (await this.ask(`/api/status/${id}`)).json();
  }

  // The status once it is final; onProgress(status) sees those before it.
  async finished(id, onProgress = () => {}) {
    let status = await this.status(id);
    while (!['completed', 'failed', 'cancelled'].includes(status.status)) {
      onProgress(status);
      await new Promise((resolve) => setTimeout(resolve, 200));
      status = await this.status(id);
    }
    return status;
  }

  // Every image, page by page.
  async *images(id, status = '') {
    let cursor = '';
    do {
      const query = new URLSearchParams({ status, cursor });
      const page = await (await this.ask(`/api/requests/${id}/images?${query}`)).json();
      yield* page.images;
      cursor = page.next_cursor;
    } while (cursor);
  }

  async results(id) {
    return (await this.ask(`/api/download/${id}`)).text();
  }
}
