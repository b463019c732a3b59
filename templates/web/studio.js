// The studio's page: what is chosen → the address bar → the message, its text, its source and what is said of it.
// The server tells when a file or the store has changed; then all of it is asked for again, and nothing else moves.

import { fit, look, showMessage } from './frame.js';
import { listChecks, showChecks, showError, showHead, showInbox, showPapers, showWarnings } from './panels.js';

const form = document.getElementById('choice');
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
  if (opened) query.set('message', opened);
  history.replaceState(null, '', query.size ? `?${query}` : location.pathname);
}

function recall() {
  const query = address();
  for (const [name, usual] of Object.entries(SEEN)) {
    const wanted = [...form.elements[name]].find(one => one.value === query.get(name));
    (wanted ?? [...form.elements[name]].find(one => one.value === usual)).checked = true;
  }
  opened = query.get('message') ?? '';
  choose(tabs.find(one => one.id === `tab-${query.get('tab')}`) ?? tabs[0]);
}

// The message of the outbox that is open.
let opened = '';

const source = (kind, query = chosen()) => `/digest.${kind}?${query}`;

// -- asking -------------------------------------------------------------------------------------------

async function refresh(stays = false) {
  const turn = ++asked;
  const before = version;
  const query = chosen();
  const message = new URLSearchParams(query);
  if (form.elements.images.value === 'off') message.set('images', 'off');
  document.getElementById('download').href = source('eml', query);
  document.body.classList.add('busy');
  try {
    showMessage(source('html', message), stays);
    const facts = await (await fetch(source('json', query))).json();
    if (turn !== asked) return;
    // The message may have been made just before a change that the facts know of already.
    if (facts.version !== before) showMessage(source('html', message), true);
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
    showInbox(answer.ok ? await answer.json() : { folder: '', messages: [] }, opened, images, name => {
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
  look(form.elements.scheme.value, form.elements.width.value);
  if (!['width', 'scheme'].includes(event.target.name)) refresh();
});
form.elements.topics.addEventListener('keydown', event => {
  if (event.key === 'Enter') event.target.blur();
});
document.addEventListener('visibilitychange', listen);
if (innerWidth < 720) form.querySelector('details').open = false;

recall();
look(form.elements.scheme.value, form.elements.width.value);
refresh();
listen();
