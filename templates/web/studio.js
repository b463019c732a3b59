// The studio: the form's selection → the URL → the message, its text, source, papers and checks.
// The server sends an event when a file or the store changes; then all of these are reloaded in place.

import { fit, setAppearance, showMessages } from './frame.js';
import { showInbox } from './inbox.js';
import { listChecks, showChecks, showError, showHeaders, showPapers, showWarnings } from './panels.js';
import { t } from './texts.js';
import { partAt, watchTopics } from './topic_help.js';

const form = document.getElementById('selection');
const tabs = [...document.querySelectorAll('[role=tab]')];
const FIELDS = ['subscriber', 'topics', 'edition', 'style', 'language'];
const VIEW_DEFAULTS = { width: innerWidth < 720 ? 'phone' : 'desktop', scheme: 'light', images: 'on', compare: '' };

let version = document.body.dataset.version;
let requests = 0;

// -- the selection, in the URL ------------------------------------------------------------------------

function selection() {
  const query = new URLSearchParams();
  for (const name of FIELDS) if (form.elements[name].value) query.set(name, form.elements[name].value);
  return query;
}

function saveToUrl() {
  const query = selection();
  for (const [name, standard] of Object.entries(VIEW_DEFAULTS)) {
    if (form.elements[name].value !== standard) query.set(name, form.elements[name].value);
  }
  if (tab() !== 'html') query.set('tab', tab());
  if (inbox.opened) query.set('message', inbox.opened);
  if (search.value) query.set('q', search.value);
  history.replaceState(null, '', query.size ? `?${query}` : location.pathname);
}

function restoreFromUrl() {
  const query = new URLSearchParams(location.search);
  for (const [name, standard] of Object.entries(VIEW_DEFAULTS)) {
    const field = form.elements[name];
    const wanted = [...(field.options ?? field)].find(one => one.value === query.get(name));
    const selected = wanted ?? [...(field.options ?? field)].find(one => one.value === standard);
    selected['selected' in selected ? 'selected' : 'checked'] = true;
  }
  inbox.opened = query.get('message') ?? '';
  search.value = query.get('q') ?? '';
  selectTab(tabs.find(one => one.id === `tab-${query.get('tab')}`) ?? tabs[0]);
}

const search = document.getElementById('inbox-search');
// The name of the opened message of the outbox, and what follows its address.
const inbox = { opened: '', query: '', save: saveToUrl };

const source = (kind, query = selection()) => `/digest.${kind}?${query}`;

// The message of a selection, and the same one in the style that it is compared with.
function shownMessages(query) {
  const { compare, style } = form.elements;
  const labels = compare.value ? [style.selectedOptions[0].label, compare.selectedOptions[0].label] : [''];
  const styles = compare.value ? [style.value, compare.value] : [style.value];
  return styles.map((name, at) => {
    const one = new URLSearchParams(query);
    if (name) one.set('style', name);
    if (form.elements.images.value === 'off') one.set('images', 'off');
    return { url: source('html', one), label: labels[at] };
  });
}

// -- loading ------------------------------------------------------------------------------------------

async function refresh(keepsPosition = false) {
  const request = ++requests;
  const before = version;
  const query = selection();
  document.getElementById('download').href = source('eml', query);
  document.body.classList.add('busy');
  try {
    showMessages(shownMessages(query), keepsPosition);
    const preview = await (await fetch(source('json', query))).json();
    if (request !== requests) return;
    // The message may have been rendered just before a change that the JSON already includes.
    if (preview.version !== before) showMessages(shownMessages(query), true);
    version = preview.version;
    document.body.classList.toggle('wrong', Boolean(preview.error));
    showError(preview.error);
    showWarnings(preview.warnings ?? []);
    if (!preview.error) {
      showHeaders(preview);
      showPapers(preview);
      showChecks(preview);
      offerEditions(preview.editions);
    }
    showTab(query).catch(() => {});
  } catch (error) {
    if (request === requests) showError({ message: t('The studio did not respond.'), hint: String(error) });
  } finally {
    if (request === requests) document.body.classList.remove('busy');
    fit();
  }
}

async function showTab(query = selection()) {
  if (tab() === 'text' || tab() === 'source') {
    const response = await fetch(source(tab() === 'text' ? 'txt' : 'eml', query));
    document.getElementById(tab()).textContent = await response.text();
  }
  if (tab() === 'checks') {
    // Some checks take seconds, and are only computed when this tab is opened.
    const request = requests;
    const response = await fetch(`/checks.json?${query}`);
    if (response.ok && request === requests) listChecks(await response.json());
  }
  if (tab() === 'inbox') {
    inbox.query = form.elements.images.value === 'off' ? '?images=off' : '';
    await showInbox(inbox);
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

function selectTab(wanted) {
  for (const one of tabs) {
    const isWanted = one === wanted;
    one.setAttribute('aria-selected', String(isWanted));
    one.tabIndex = isWanted ? 0 : -1;
    document.getElementById(one.getAttribute('aria-controls')).hidden = !isWanted;
  }
  document.getElementById('compare').hidden = wanted.id !== 'tab-html';
  document.getElementById('views').hidden = !['tab-html', 'tab-inbox'].includes(wanted.id);
}

function openTab(wanted) {
  selectTab(wanted);
  saveToUrl();
  fit();
  showTab().catch(() => {});
}

for (const one of tabs) {
  one.addEventListener('click', () => openTab(one));
  one.addEventListener('keydown', event => {
    const steps = { ArrowRight: 1, ArrowLeft: -1, Home: -tabs.indexOf(one), End: tabs.length - 1 - tabs.indexOf(one) };
    if (!(event.key in steps)) return;
    event.preventDefault();
    const next = tabs[(tabs.indexOf(one) + steps[event.key] + tabs.length) % tabs.length];
    openTab(next);
    next.focus();
  });
}

// -- live reload --------------------------------------------------------------------------------------

const live = document.getElementById('live');

function showLive(text, state) {
  live.textContent = text;
  live.dataset.state = state;
}

function onVersion(newVersion) {
  showLive(t('Live reload on'), 'on');
  if (newVersion === version) return;
  const [, oldPage] = version.split('.');
  const [, newPage] = newVersion.split('.');
  version = newVersion;
  if (newPage !== oldPage) location.reload();
  else refresh(true);
}

// Browsers limit the connections to one server, so only a visible page keeps a stream open.
let stream = null;
function listen() {
  stream?.close();
  stream = null;
  if (document.hidden) return;
  stream = new EventSource('/changes');
  stream.addEventListener('version', event => onVersion(event.data));
  stream.addEventListener('error', () => showLive(t('The studio is not running'), 'off'));
}

form.addEventListener('submit', event => event.preventDefault());
document.addEventListener('change', event => {
  if (event.target.form !== form) return;
  if (event.target.name === 'subscriber') form.elements.topics.value = '';
  saveToUrl();
  setAppearance(form.elements.scheme.value, form.elements.width.value);
  if (!['width', 'scheme'].includes(event.target.name)) refresh();
});
const topicAt = (text, position) => partAt(text, position, ';');
watchTopics(form.elements.topics, document.getElementById('topic-help'), '/topic.json', topicAt);
form.elements.topics.addEventListener('keydown', event => {
  if (event.key === 'Enter') event.target.blur();
});
document.addEventListener('visibilitychange', listen);
if (innerWidth < 720) form.querySelector('details').open = false;

restoreFromUrl();
setAppearance(form.elements.scheme.value, form.elements.width.value);
refresh();
listen();
