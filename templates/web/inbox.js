// The outbox as a mail program shows it: a list to search, and the message that is opened.

import { kib, make } from './panels.js';
import { t } from './texts.js';

const panel = document.getElementById('panel-inbox');
const search = document.getElementById('inbox-search');
const status = document.getElementById('inbox-status');
const list = document.getElementById('inbox-messages');
const viewer = document.getElementById('inbox-opened');

let requests = 0;
let waiting;

// `state` has the name of the opened message, the query that follows the address of a message, and `save`.
export async function showInbox(state) {
  const request = ++requests;
  const query = search.value.trim() ? `?${new URLSearchParams({ q: search.value })}` : '';
  const response = await fetch(`/inbox${query}`);
  if (request !== requests) return;
  const { folder, messages, total } = response.ok ? await response.json() : { folder: '', messages: [], total: 0 };
  document.getElementById('count-inbox').textContent = total || '';
  status.textContent = statusOf(folder, messages.length, total, Boolean(query));
  list.hidden = !messages.length;
  list.replaceChildren(...messages.map(message => row(message, state)));
  search.oninput = () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => showInbox(state).then(state.save), 150);
  };
}

function statusOf(folder, found, total, isSearch) {
  if (!folder) return t('The outbox could not be read.');
  if (!total) return t('No messages in %(folder)s. While smtp.host is not set, newsletter send puts them there.', { folder });
  return isSearch ? t('Found: %(found)s of %(total)s in %(folder)s', { found, total, folder }) : t('Messages in %(folder)s: %(total)s', { folder, total });
}

function row(message, state) {
  const button = make(
    'button', { type: 'button' },
    make('span', { class: 'subject', dir: 'auto' }, message.subject || t('(no subject)')),
    make('span', { class: 'quiet' }, `${message.to} · ${new Date(message.date).toLocaleString(document.documentElement.lang)} · ${kib(message.size)}`),
  );
  const open = () => {
    state.opened = message.name;
    state.save();
    for (const one of list.querySelectorAll('button')) one.removeAttribute('aria-current');
    button.setAttribute('aria-current', 'true');
    show(message, state.query);
  };
  button.addEventListener('click', open);
  if (message.name === state.opened) {
    button.setAttribute('aria-current', 'true');
    if (viewer.dataset.name !== message.name + state.query) show(message, state.query);
  }
  return make('li', {}, button);
}

function show(message, query) {
  const url = `/inbox/${encodeURIComponent(message.name)}`;
  const link = format => make('a', { href: `${url}.${format}`, target: '_blank', rel: 'noopener' }, format);
  const subject = message.subject || t('(no subject)');
  viewer.dataset.name = message.name + query;
  viewer.replaceChildren(
    make('h3', { dir: 'auto' }, subject),
    make('p', { class: 'quiet' }, `${message.to} · `, link('html'), ' · ', link('txt'), ' · ', link('eml')),
    make('div', { class: 'device' }, make('iframe', { src: `${url}.html${query}`, sandbox: 'allow-same-origin', title: subject })),
  );
}

// The arrow keys move through the list; from the search, into it.
panel.addEventListener('keydown', event => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const buttons = [...list.querySelectorAll('button')];
  const at = buttons.indexOf(document.activeElement);
  if (!step || (at < 0 && (document.activeElement !== search || step < 0))) return;
  event.preventDefault();
  (buttons[at + step] ?? (step < 0 ? search : document.activeElement)).focus();
});
