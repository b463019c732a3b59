// Renders a preview's JSON as elements. Its texts come from third parties, so they are only inserted as text.

const byId = id => document.getElementById(id);

function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(key, value === true ? '' : value);
  }
  element.append(...children.filter(child => child !== null && child !== undefined));
  return element;
}

const kib = bytes => `${(bytes / 1024).toFixed(bytes < 10240 ? 1 : 0)} KB`;
const counted = (number, noun) => `${number} ${noun}${number === 1 ? '' : 's'}`;
const web = url => (/^https?:\/\//.test(url) ? url : null);

function meter(parts, whole, label) {
  const bar = make('span', { class: 'meter', role: 'img', 'aria-label': label });
  for (const [kind, value] of parts) {
    const part = make('span', { class: `part ${kind}` });
    part.style.width = `${Math.max(0, Math.min(100, (100 * value) / whole))}%`;
    bar.append(part);
  }
  return bar;
}

// -- head ---------------------------------------------------------------------------------------------

export function showError(error) {
  const box = byId('error');
  box.hidden = !error;
  box.replaceChildren();
  if (error) box.append(make('strong', {}, error.message), error.hint ? make('span', {}, error.hint) : '');
}

export function showWarnings(warnings) {
  byId('warnings').hidden = !warnings.length;
  byId('warnings').replaceChildren(...warnings.map(warning => make('li', {}, warning)));
}

export function showHeaders(preview) {
  const { sizes } = preview;
  byId('subject').textContent = preview.subject;
  byId('addresses').textContent = `${preview.from} → ${preview.to} · ${preview.edition.key}`;
  byId('subscriber-field').classList.toggle('idle', !preview.subscriber.id);
  const share = sizes.html === null ? 'no HTML part' : `HTML ${kib(sizes.html)} of ${kib(sizes.limit)}`;
  byId('sizes').replaceChildren(
    ...(sizes.html === null ? [] : [meter([['page', sizes.html]], sizes.limit, share)]),
    make('span', {}, share),
    make('span', {}, `text ${kib(sizes.text)}`),
    make('span', {}, `total ${kib(sizes.whole)}`),
    make('span', {}, `${counted(preview.papers.filter(paper => !paper.left_out).length, 'paper')} of ${preview.edition.considered} new`),
  );
}

// -- papers -------------------------------------------------------------------------------------------

export function showPapers(preview) {
  byId('count-papers').textContent = preview.papers.length;
  const largest = Math.max(1, ...preview.papers.map(paper => positiveSum(paper)));
  const names = preview.papers[0]?.parts.map(part => part.name) ?? [];
  const list = make('ol', { class: 'papers' });
  let section = null;
  for (const paper of preview.papers) {
    if (paper.section !== section) {
      section = paper.section;
      list.append(make('li', { class: 'divider' }, make('h3', { dir: 'auto' }, section)));
    }
    list.append(paperRow(paper, largest));
  }
  byId('panel-papers').replaceChildren(
    make('p', { class: 'legend' }, ...names.map(name => make('span', {}, make('span', { class: `key part ${name}` }), name))),
    preview.papers.length ? list : make('p', { class: 'quiet' }, 'No papers.'),
  );
}

const positiveSum = paper => paper.parts.reduce((sum, part) => sum + Math.max(0, part.value), 0);

function paperRow(paper, largest) {
  const sum = paper.parts.map(part => `${part.name} ${part.value.toFixed(2)}`).join(', ');
  const parts = paper.parts.map(part => [part.name, Math.max(0, part.value)]);
  const matching = paper.topics.filter(topic => topic.found);
  const others = paper.topics.filter(topic => !topic.found);
  const differs = Math.abs(paper.total - paper.score) >= 0.01;
  const rows = paper.parts.map(part => make(
    'tr', {}, make('th', { scope: 'row' }, part.name), make('td', {}, part.detail), make('td', { class: 'number' }, part.value.toFixed(3)),
  ));
  rows.push(make('tr', { class: 'total' }, make('th', { scope: 'row' }, 'sum'), make('td', {}), make('td', { class: 'number' }, paper.total.toFixed(3))));
  return make('li', { class: paper.left_out ? 'paper out' : 'paper' }, make(
    'details', {},
    make(
      'summary', {},
      make('span', { class: 'rank' }, String(paper.rank)),
      make('span', { class: 'title', dir: 'auto' }, paper.title, paper.left_out ? make('em', {}, ' left out: message too large') : null),
      meter(parts, largest, sum),
      make('span', { class: 'number' }, paper.score.toFixed(2)),
    ),
    make(
      'div', { class: 'why' },
      make('table', {}, make('tbody', {}, ...rows)),
      differs ? make('p', { class: 'quiet' }, `The digest was ranked with ${paper.score.toFixed(3)}; this sum is computed today, with the statistics of the whole archive.`) : null,
      ...matching.map(topic => make('p', {}, make('strong', { dir: 'auto' }, topic.name), ` ${topic.found}`)),
      others.length ? make('p', { class: 'quiet' }, `Does not match: ${others.map(topic => topic.name).join(', ')}`) : null,
      paper.also.length ? make('p', { class: 'quiet' }, `Also on: ${paper.also.join(', ')}`) : null,
      web(paper.url) ? make('p', {}, make('a', { href: web(paper.url), target: '_blank', rel: 'noopener noreferrer' }, paper.url)) : null,
    ),
  ));
}

// -- checks and section sizes -------------------------------------------------------------------------

const MARKS = { ok: '✓', warning: '!', wrong: '✗', unknown: '…' };

export function showChecks(preview) {
  const list = make('ul', { class: 'checks', id: 'checks' });
  byId('panel-checks').replaceChildren(
    make('div', {}, make('h3', {}, 'Checks'), list),
    make('div', {}, make('h3', {}, 'Size by section'), sectionSizes(preview)),
  );
  listChecks(preview.checks);
}

export function listChecks(checks) {
  const problems = checks.filter(check => check.level === 'warning' || check.level === 'wrong').length;
  byId('count-checks').textContent = problems || '✓';
  byId('checks')?.replaceChildren(...checks.map(check => make(
    'li', { 'data-level': check.level },
    make('span', { class: 'mark', 'aria-hidden': 'true' }, MARKS[check.level] ?? '?'),
    make('span', {}, make('strong', {}, check.about), make('span', { class: 'level' }, ` ${check.level}`), check.detail ? make('span', { class: 'quiet' }, check.detail) : null),
  )));
}

function sectionSizes({ sections, sizes }) {
  const isHtml = sizes.html !== null;
  const kind = isHtml ? 'html' : 'text';
  const whole = isHtml ? sizes.html : sizes.text;
  const rest = whole - sections.reduce((sum, section) => sum + section[kind], 0);
  const largest = Math.max(1, rest, ...sections.map(section => section[kind]));
  const row = (title, papers, bytes, text) => make(
    'tr', {}, make('th', { scope: 'row', dir: 'auto' }, title), make('td', { class: 'number' }, papers),
    make('td', { class: 'number' }, kib(bytes)), make('td', { class: 'number' }, kib(text)),
    make('td', { class: 'bar' }, meter([['page', bytes]], largest, `${Math.round((100 * bytes) / whole)} % of the message`)),
  );
  const headings = ['Section', 'Papers', isHtml ? 'HTML' : 'Text', 'Text', ''];
  const textRest = sizes.text - sections.reduce((sum, section) => sum + section.text, 0);
  return make(
    'div', { class: 'scroller' },
    make(
      'table', { class: 'section-sizes' },
      make('thead', {}, make('tr', {}, ...headings.map((heading, number) => make('th', { scope: 'col', class: number ? 'number' : null }, heading)))),
      make(
        'tbody', {},
        ...sections.map(one => row(one.title, one.matched > one.papers ? `${one.papers} of ${one.matched}` : String(one.papers), one[kind], one.text)),
        row('Header, styles and footer', '', rest, textRest),
        row('Total', String(sections.reduce((sum, one) => sum + one.papers, 0)), whole, sizes.text),
      ),
    ),
  );
}

// -- inbox --------------------------------------------------------------------------------------------

export function showInbox({ folder, messages }, opened, query, onOpen) {
  byId('count-inbox').textContent = messages.length || '';
  const viewer = make('div', { class: 'opened' });
  const list = make('ul', { class: 'messages' });
  const choose = (message, button) => {
    onOpen(message.name);
    for (const one of list.querySelectorAll('button')) one.removeAttribute('aria-current');
    button.setAttribute('aria-current', 'true');
    showOpened(viewer, message, query);
  };
  for (const message of messages) {
    const button = make(
      'button', { type: 'button' },
      make('span', { class: 'subject', dir: 'auto' }, message.subject || '(no subject)'),
      make('span', { class: 'quiet' }, `${message.to} · ${new Date(message.date).toLocaleString()} · ${kib(message.size)}`),
    );
    button.addEventListener('click', () => choose(message, button));
    list.append(make('li', {}, button));
    if (message.name === opened) choose(message, button);
  }
  byId('panel-inbox').replaceChildren(
    make('p', { class: 'quiet' }, !folder ? 'The outbox could not be read.' : messages.length ? `${counted(messages.length, 'message')} in ${folder}` : `No messages in ${folder}. While smtp.host is not set, newsletter send puts them there.`),
    make('div', { class: 'mailbox' }, list, viewer),
  );
}

function showOpened(viewer, message, query) {
  const url = `/inbox/${encodeURIComponent(message.name)}`;
  const link = format => make('a', { href: `${url}.${format}`, target: '_blank', rel: 'noopener' }, format);
  viewer.replaceChildren(
    make('h3', { dir: 'auto' }, message.subject || '(no subject)'),
    make('p', { class: 'quiet' }, `to ${message.to} · as `, link('html'), ' · ', link('txt'), ' · ', link('eml')),
    make('iframe', { src: `${url}.html${query}`, sandbox: 'allow-same-origin', title: message.subject || 'A message in the outbox' }),
  );
}
