// The studio's page: what is chosen → the address bar → the letter, its text, its source and what is said of it.
// The server tells when a file or the store has changed; then all of it is asked for again, and nothing else moves.

import { listChecks, showChecks, showError, showHead, showInbox, showPapers, showWarnings } from './panels.js';

const form = document.getElementById('choice');
const stage = document.getElementById('stage');
const device = document.getElementById('device');
const frame = document.getElementById('letter');
const tabs = [...document.querySelectorAll('[role=tab]')];
const CHOSEN = ['subscriber', 'topics', 'edition', 'style', 'language'];
const SEEN = { width: innerWidth < 720 ? 'phone' : 'desktop', scheme: 'light', images: 'on' };

let version = document.body.dataset.version;
let asked = 0;

// -- what is chosen, in the address ------------------------------------------------------------------

const address = () => new URLSearchParams(location.search);

function chosen() {
  const query = new URLSearchParams();
  for (const name of CHOSEN) if (form.elements[name].value) query.set(name, form.elements[name].value);
  return query;
}

function remember() {
  const query = chosen();
  for (const [name, usual] of Object.entries(SEEN)) {
    if (form.elements[name].value !== usual) query.set(name, form.elements[name].value);
  }
  if (tab() !== 'html') query.set('tab', tab());
  if (opened) query.set('letter', opened);
  history.replaceState(null, '', query.size ? `?${query}` : location.pathname);
}

function recall() {
  const query = address();
  for (const [name, usual] of Object.entries(SEEN)) {
    const wanted = [...form.elements[name]].find(one => one.value === query.get(name));
    (wanted ?? [...form.elements[name]].find(one => one.value === usual)).checked = true;
  }
  opened = query.get('letter') ?? '';
  choose(tabs.find(one => one.id === `tab-${query.get('tab')}`) ?? tabs[0]);
}

// -- the letter ---------------------------------------------------------------------------------------

// The message of the outbox that is open.
let opened = '';

const source = (kind, query = chosen()) => `/digest.${kind}?${query}`;

// How far the letter is scrolled, which what stands in for a letter that cannot be made does not change.
let place = 0;

function showLetter(url, stays) {
  const shown = frame.contentDocument;
  if (!stays) place = 0;
  else if (shown && !('instead' in shown.documentElement.dataset)) place = shown.scrollingElement?.scrollTop ?? 0;
  frame.addEventListener('load', () => frame.contentDocument?.scrollingElement?.scrollTo(0, place), { once: true });
  // Put in place of what was there: the back button is for choices, not for reloads.
  frame.contentWindow.location.replace(url);
}

document.addEventListener('load', event => {
  if (!event.target.contentDocument) return;
  event.target.contentDocument.addEventListener('click', follow);
  dress(event.target);
}, true);

// A frame's color-scheme is what its page prefers, but not in every browser; there its media queries are changed.
function dress(shown) {
  const scheme = form.elements.scheme.value;
  const isPreferred = shown.contentWindow.matchMedia(`(prefers-color-scheme: ${scheme})`).matches;
  for (const rule of [...shown.contentDocument.styleSheets].flatMap(sheet => [...sheet.cssRules])) {
    if (!rule.media) continue;
    rule.asWritten ??= rule.media.mediaText;
    rule.media.mediaText = isPreferred ? rule.asWritten : rule.asWritten.replace(
      /\(prefers-color-scheme: (\w+)\)/g, (_, asked) => (asked === scheme ? '(min-width: 0px)' : '(max-width: 0px)'),
    );
  }
}

// A letter's links lead out of the frame, which may load nothing but letters; those into the letter stay.
function follow(event) {
  const link = event.target.closest?.('a[href]');
  const href = link?.getAttribute('href') ?? '#';
  if (href.startsWith('#')) return;
  event.preventDefault();
  document.getElementById('going').textContent = href;
  if (/^https?:/.test(href)) window.open(href, '_blank', 'noopener,noreferrer');
}

function fit() {
  const wide = Number(document.querySelector('[name=width]:checked').dataset.pixels);
  const room = stage.clientWidth - 2 * parseFloat(getComputedStyle(stage).paddingInlineStart);
  const scale = Math.min(1, room / wide);
  const high = Math.max(480, Math.floor((innerHeight - (innerWidth < 720 ? 120 : stage.getBoundingClientRect().top + scrollY + 56))));
  frame.style.width = `${wide}px`;
  frame.style.height = `${high / scale}px`;
  frame.style.transform = scale < 1 ? `scale(${scale})` : '';
  device.style.width = `${wide * scale}px`;
  device.style.height = `${high}px`;
}

function look() {
  document.getElementById('panels').dataset.scheme = form.elements.scheme.value;
  for (const shown of document.querySelectorAll('iframe')) if (shown.contentDocument?.body) dress(shown);
  device.dataset.width = form.elements.width.value;
  fit();
}

// -- asking -------------------------------------------------------------------------------------------

async function refresh(stays = false) {
  const turn = ++asked;
  const query = chosen();
  const letter = new URLSearchParams(query);
  if (form.elements.images.value === 'off') letter.set('images', 'off');
  document.getElementById('download').href = source('eml', query);
  document.body.classList.add('busy');
  try {
    showLetter(source('html', letter), stays);
    const facts = await (await fetch(source('json', query))).json();
    if (turn !== asked) return;
    version = facts.version;
    document.body.classList.toggle('wrong', Boolean(facts.error));
    showError(facts.error);
    showWarnings(facts.warnings ?? []);
    if (!facts.error) {
      showHead(facts);
      showPapers(facts);
      showChecks(facts);
      offerEditions(facts.editions);
    }
    showTab(query).catch(() => {});
  } catch (error) {
    if (turn === asked) showError({ message: 'The studio gave no answer.', hint: String(error) });
  } finally {
    if (turn === asked) document.body.classList.remove('busy');
    fit();
  }
}

async function showTab(query = chosen()) {
  if (tab() === 'text' || tab() === 'source') {
    const answer = await fetch(source(tab() === 'text' ? 'txt' : 'eml', query));
    document.getElementById(tab()).textContent = await answer.text();
  }
  if (tab() === 'checks') {
    // Some take seconds, and are made only for who looks.
    const turn = asked;
    const answer = await fetch(`/checks.json?${query}`);
    if (answer.ok && turn === asked) listChecks(await answer.json());
  }
  if (tab() === 'inbox') {
    const answer = await fetch('/inbox');
    const images = form.elements.images.value === 'off' ? '?images=off' : '';
    showInbox(answer.ok ? await answer.json() : { folder: '', letters: [] }, opened, images, name => {
      opened = name;
      remember();
    });
  }
}

function offerEditions(editions) {
  const field = form.elements.edition;
  const kept = field.value;
  for (const option of [...field.options]) if (!/^$|^last-/.test(option.value)) option.remove();
  for (const [key, label] of editions) field.add(new Option(label, key));
  if (kept && ![...field.options].some(option => option.value === kept)) field.add(new Option(kept, kept));
  field.value = kept;
}

// -- tabs ---------------------------------------------------------------------------------------------

function tab() {
  return tabs.find(one => one.getAttribute('aria-selected') === 'true').id.slice('tab-'.length);
}

function choose(wanted) {
  for (const one of tabs) {
    const is = one === wanted;
    one.setAttribute('aria-selected', String(is));
    one.tabIndex = is ? 0 : -1;
    document.getElementById(one.getAttribute('aria-controls')).hidden = !is;
  }
  document.getElementById('views').hidden = !['tab-html', 'tab-inbox'].includes(wanted.id);
}

function go(wanted) {
  choose(wanted);
  remember();
  fit();
  showTab().catch(() => {});
}

for (const one of tabs) {
  one.addEventListener('click', () => go(one));
  one.addEventListener('keydown', event => {
    const steps = { ArrowRight: 1, ArrowLeft: -1, Home: -tabs.indexOf(one), End: tabs.length - 1 - tabs.indexOf(one) };
    if (!(event.key in steps)) return;
    event.preventDefault();
    const next = tabs[(tabs.indexOf(one) + steps[event.key] + tabs.length) % tabs.length];
    go(next);
    next.focus();
  });
}

// -- what changes -------------------------------------------------------------------------------------

const live = document.getElementById('live');

function tell(words, state) {
  live.textContent = words;
  live.dataset.state = state;
}

function changed(told) {
  tell('Follows your edits', 'on');
  if (told === version) return;
  const [, ours] = version.split('.');
  const [, page] = told.split('.');
  version = told;
  if (page !== ours) location.reload();
  else refresh(true);
}

// A browser opens few streams to one server, so only a page that is looked at has one.
let stream = null;
function listen() {
  stream?.close();
  stream = null;
  if (document.hidden) return;
  stream = new EventSource('/changes');
  stream.addEventListener('version', event => changed(event.data));
  stream.addEventListener('error', () => tell('The studio was stopped', 'off'));
}

form.addEventListener('submit', event => event.preventDefault());
document.addEventListener('change', event => {
  if (event.target.form !== form) return;
  if (event.target.name === 'subscriber') form.elements.topics.value = '';
  remember();
  look();
  if (!['width', 'scheme'].includes(event.target.name)) refresh();
});
form.elements.topics.addEventListener('keydown', event => {
  if (event.key === 'Enter') event.target.blur();
});
addEventListener('resize', fit);
new ResizeObserver(fit).observe(stage);
document.addEventListener('visibilitychange', listen);
if (innerWidth < 720) form.querySelector('details').open = false;

recall();
look();
refresh();
listen();
