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

  // The status at every change, as server-sent events, until the request is final.
  async *progress(id) {
    const reply = await this.ask(`/api/requests/${id}/events`);
    let text = '';
    for await (const piece of reply.body.pipeThrough(new TextDecoderStream())) {
      const events = (text + piece).split('\n\n');
      text = events.pop();
      for (const event of events) {
        const data = event.match(/^data: (.*)$/m)?.[1]; // a comment has none
        if (data) yield JSON.parse(data);
      }
    }
  }

  // The status once it is final; onProgress(status) sees those before it.
  async finished(id, onProgress = () => {}) {
    let status;
    for await (status of this.progress(id)) onProgress(status);
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
