// Renders a preview's JSON as elements. Its texts come from third parties, so they are only inserted as text.

import { decimal, percent, t } from './texts.js';

const byId = id => document.getElementById(id);

export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(key, value === true ? '' : value);
  }
  element.append(...children.filter(child => child !== null && child !== undefined));
  return element;
}

export const kib = bytes => `${decimal(bytes / 1024, bytes < 10240 ? 1 : 0)} KB`;
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
  const share = sizes.html === null ? t('no HTML part') : t('HTML %(size)s of %(limit)s', { size: kib(sizes.html), limit: kib(sizes.limit) });
  byId('sizes').replaceChildren(
    ...(sizes.html === null ? [] : [meter([['page', sizes.html]], sizes.limit, share)]),
    make('span', {}, share),
    make('span', {}, t('text %(size)s', { size: kib(sizes.text) })),
    make('span', {}, t('total %(size)s', { size: kib(sizes.whole) })),
    make('span', {}, t('papers: %(shown)s of %(considered)s new', { shown: preview.papers.filter(paper => !paper.left_out).length, considered: preview.edition.considered })),
  );
}

// -- papers -------------------------------------------------------------------------------------------

export function showPapers(preview) {
  byId('count-papers').textContent = preview.papers.length;
  const largest = Math.max(1, ...preview.papers.map(paper => positiveSum(paper)));
  const parts = preview.papers[0]?.parts ?? [];
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
    make('p', { class: 'legend' }, ...parts.map(part => make('span', {}, make('span', { class: `key part ${part.name}` }), part.label))),
    preview.papers.length ? list : make('p', { class: 'quiet' }, t('No papers.')),
  );
}

const positiveSum = paper => paper.parts.reduce((sum, part) => sum + Math.max(0, part.value), 0);

function paperRow(paper, largest) {
  const sum = paper.parts.map(part => `${part.label} ${decimal(part.value, 2)}`).join(', ');
  const parts = paper.parts.map(part => [part.name, Math.max(0, part.value)]);
  const matching = paper.topics.filter(topic => topic.found);
  const others = paper.topics.filter(topic => !topic.found);
  const differs = Math.abs(paper.total - paper.score) >= 0.01;
  const rows = paper.parts.map(part => make(
    'tr', {}, make('th', { scope: 'row' }, part.label), make('td', {}, part.detail), make('td', { class: 'number' }, decimal(part.value, 3)),
  ));
  rows.push(make('tr', { class: 'total' }, make('th', { scope: 'row' }, t('sum')), make('td', {}), make('td', { class: 'number' }, decimal(paper.total, 3))));
  return make('li', { class: paper.left_out ? 'paper out' : 'paper' }, make(
    'details', {},
    make(
      'summary', {},
      make('span', { class: 'rank' }, String(paper.rank)),
      make('span', { class: 'title', dir: 'auto' }, paper.title, paper.left_out ? make('em', {}, ` ${t('left out: message too large')}`) : null),
      meter(parts, largest, sum),
      make('span', { class: 'number' }, decimal(paper.score, 2)),
    ),
    make(
      'div', { class: 'why' },
      make('table', {}, make('tbody', {}, ...rows)),
      differs ? make('p', { class: 'quiet' }, t('The digest was ranked with %(score)s; this sum is computed today, with the statistics of the whole archive.', { score: decimal(paper.score, 3) })) : null,
      ...matching.map(topic => make('p', {}, make('strong', { dir: 'auto' }, topic.name), ` ${topic.found}`)),
      others.length ? make('p', { class: 'quiet' }, t('Does not match: %(topics)s', { topics: others.map(topic => topic.name).join(', ') })) : null,
      paper.also.length ? make('p', { class: 'quiet' }, t('Also in: %(topics)s', { topics: paper.also.join(', ') })) : null,
      web(paper.url) ? make('p', {}, make('a', { href: web(paper.url), target: '_blank', rel: 'noopener noreferrer' }, paper.url)) : null,
    ),
  ));
}

// -- checks and section sizes -------------------------------------------------------------------------

const MARKS = { ok: '✓', warning: '!', wrong: '✗', unknown: '…' };

export function showChecks(preview) {
  const list = make('ul', { class: 'checks', id: 'checks' });
  byId('panel-checks').replaceChildren(
    make('div', {}, make('h3', {}, t('Checks')), list),
    make('div', {}, make('h3', {}, t('Size by section')), sectionSizes(preview)),
  );
  listChecks(preview.checks);
}

export function listChecks(checks) {
  const problems = checks.filter(check => check.level === 'warning' || check.level === 'wrong').length;
  byId('count-checks').textContent = problems || '✓';
  byId('checks')?.replaceChildren(...checks.map(check => make(
    'li', { 'data-level': check.level },
    make('span', { class: 'mark', 'aria-hidden': 'true' }, MARKS[check.level] ?? '?'),
    make('span', {}, make('strong', {}, check.name), make('span', { class: 'level' }, ` ${check.is}`), check.detail ? make('span', { class: 'quiet' }, check.detail) : null),
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
    make('td', { class: 'bar' }, meter([['page', bytes]], largest, t('Share: %(share)s', { share: percent(bytes / whole) }))),
  );
  const headings = [t('Section'), t('Papers'), isHtml ? 'HTML' : t('Text'), t('Text'), t('Share of the message')];
  const textRest = sizes.text - sections.reduce((sum, section) => sum + section.text, 0);
  return make(
    'div', { class: 'scroller', tabindex: '0', role: 'region', 'aria-label': t('Size by section') },
    make(
      'table', { class: 'section-sizes' },
      make('thead', {}, make('tr', {}, ...headings.map((heading, number) => make('th', { scope: 'col', class: number ? 'number' : null }, heading)))),
      make(
        'tbody', {},
        ...sections.map(one => row(one.title, one.matched > one.papers ? t('%(shown)s of %(matched)s', { shown: one.papers, matched: one.matched }) : String(one.papers), one[kind], one.text)),
        row(t('Header, styles and footer'), '', rest, textRest),
        row(t('Total'), String(sections.reduce((sum, one) => sum + one.papers, 0)), whole, sizes.text),
      ),
    ),
  );
}
