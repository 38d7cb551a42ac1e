// Elements with text in them.

export function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

// For a <dl>: { name: value, … }.
export const facts = (pairs) =>
  Object.entries(pairs).map(([name, value]) => {
    const pair = document.createElement('div');
    pair.append(element('dt', name), element('dd', value));
    return pair;
  });

export function table(caption, columns, rows) {
  const made = document.createElement('table');
  const title = made.createCaption();
  title.className = 'hint';
  title.textContent = caption;
  const head = made.createTHead().insertRow();
  for (const name of columns) {
    const cell = element('th', name);
    cell.scope = 'col';
    head.append(cell);
  }
  const body = made.createTBody();
  for (const texts of rows) {
    const row = body.insertRow();
    for (const text of texts) row.insertCell().textContent = text;
  }
  return made;
}
