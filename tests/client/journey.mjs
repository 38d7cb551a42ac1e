// journey.mjs SERVER CSV: uploads, waits, downloads, and takes the webhook, whose signature the
// library of Standard Webhooks checks with IMGMILL_WEBHOOK_SECRET. Tells as JSON what it saw.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { Webhook } from 'standardwebhooks';
import { Imgmill, Refused } from './imgmill.mjs';

// The first request that comes: its headers and the bytes of its body.
function receiver() {
  const server = createServer();
  const received = (async () => {
    const [request, answer] = await once(server, 'request');
    const body = Buffer.concat(await request.toArray()).toString();
    answer.writeHead(204).end();
    return { headers: request.headers, body };
  })();
  return { server, received };
}

function checkSignature({ headers, body }) {
  const webhook = new Webhook(process.env.IMGMILL_WEBHOOK_SECRET);
  assert.throws(() => webhook.verify(body.replace('completed', 'failed'), headers));
  return webhook.verify(body, headers);
}

const [address, path] = process.argv.slice(2);
const client = new Imgmill(address);
const { server, received } = receiver();
server.listen(0, '127.0.0.1');
await once(server, 'listening');

const csv = new Blob([await readFile(path)], { type: 'text/csv' });
const id = await client.upload(csv, {
  quality: 40,
  webhook_url: `http://127.0.0.1:${server.address().port}/hook`,
});
const status = await client.finished(id);
const images = [];
for await (const image of client.images(id)) images.push(image);
const event = checkSignature(await received);
server.close();

await assert.rejects(client.upload(csv, { quality: 1000 }), Refused);
console.log(JSON.stringify({ id, status, images, event, results: await client.results(id) }));
