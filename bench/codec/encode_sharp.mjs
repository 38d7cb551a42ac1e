// encode_sharp.mjs OUT PASSES OPTIONS FILE…: as encode_pillow.py, with sharp. OPTIONS, as JSON, are
// the output options of the source's own format, and `box` to shrink to.
import { createRequire } from 'node:module';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';

const require = createRequire(join(process.env.SHARP_FOLDER ?? process.cwd(), 'here.js'));
const sharp = require('sharp');
sharp.concurrency(1); // one core an image, as many images as cores: the service's own arrangement
sharp.cache(false);

const [out, passes, optionsText, ...files] = process.argv.slice(2);
const { box, ...options } = JSON.parse(optionsText);
const kinds = { '.jpg': 'jpeg', '.png': 'png', '.webp': 'webp' };

async function encode({ file, bytes }) {
  let picture = sharp(bytes);
  if (box) picture = picture.resize(box, box, { fit: 'inside', withoutEnlargement: true });
  return picture[kinds[extname(file)]](options).toBuffer();
}

const sources = files.map((file) => ({ file, bytes: readFileSync(file) }));
for (let pass = 1; pass <= Number(passes); pass += 1) {
  for (const source of sources) {
    const result = await encode(source);
    if (pass === Number(passes)) writeFileSync(join(out, basename(source.file)), result);
  }
}
