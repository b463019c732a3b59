// Enhances the preferences form: preselects the time zone, hides day fields that do not apply, moves topics without
// leaving the page, shows the papers that a query matched in the last week, and keeps the preview up to date.

import { watchTopics } from './topic_help.js';

const form = document.getElementById("profile");
const PAUSE_MS = 800;

if (form?.hasAttribute("data-fresh")) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const offered = [...form.elements.time_zone.options].some((option) => option.value === zone);
  if (offered) form.elements.time_zone.value = zone;
}

function showDayFields() {
  const cadence = form.elements.cadence.value;
  form.querySelector("[data-for=weekday]").hidden = cadence !== "weekly";
  form.querySelector("[data-for=month_day]").hidden = cadence !== "monthly";
}

// -- topics --------------------------------------------------------------------------------------------

function rows() {
  return [...form.querySelectorAll(".rows > .row")];
}

function nameOf(row) {
  const offered = row.querySelector(".topic > .name");
  if (offered) return offered.firstChild.textContent;
  return row.querySelector("[name=own_name]").value || row.querySelector("[name=own_query]").value;
}

function watchQuery(field) {
  const box = document.getElementById("sample");
  watchTopics(field, box, box.dataset.sample, (text) => text.trim());
}

// Does what a button says, as the server would without scripts.
function move(button) {
  const row = button.closest(".row");
  const all = rows();
  const own = all.filter((one) => one.hasAttribute("data-own"));
  if (button.dataset.move === "up") row.previousElementSibling?.before(row);
  if (button.dataset.move === "down") row.nextElementSibling?.after(row);
  if (button.dataset.move === "add" || (button.dataset.move === "remove" && own.length === 1)) {
    const blank = own.at(-1).cloneNode(true);
    blank.querySelectorAll(".mistake").forEach((text) => text.remove());
    blank.querySelectorAll("[name=own_name], [name=own_query]").forEach((field) => {
      field.value = "";
      field.removeAttribute("aria-invalid");
      field.removeAttribute("id");
    });
    all.at(-1).after(blank);
    watchQuery(blank.querySelector("[name=own_query]"));
    blank.querySelector("input:not([type=hidden])").focus();
  }
  if (button.dataset.move === "remove") {
    const next = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    next?.querySelector("input:not([type=hidden])").focus();
  }
  if (button.dataset.move === "up" || button.dataset.move === "down") tellMove(row, button);
  rows().forEach((one, at) => one.querySelectorAll("[data-move]").forEach((each) => { each.value = at + 1; }));
}

function tellMove(row, button) {
  const all = rows();
  const status = document.getElementById("moved");
  const values = { topic: nameOf(row), number: all.indexOf(row) + 1, all: all.length };
  status.textContent = status.dataset.text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
  // A button that has nowhere further to go is hidden, and would lose the focus.
  const isAtEnd = row === all[0] || row === all.at(-1);
  (isAtEnd ? row.querySelector(`.moves [data-move=${row === all[0] ? "down" : "up"}]`) : button).focus();
}

// -- the preview ---------------------------------------------------------------------------------------

function keepPreview(button) {
  let timer = 0;
  let waiting = null;
  let shown = stateOf();
  let isStale = false;

  function stateOf() {
    return new URLSearchParams(new FormData(form)).toString();
  }

  // A new frame takes the old one's place when it is loaded: nothing flickers, and the history stays as it was.
  function refresh() {
    if (waiting) {
      isStale = true;
      return;
    }
    const state = stateOf();
    if (state === shown) return;
    shown = state;
    const frame = document.querySelector(".preview iframe");
    waiting = frame.cloneNode();
    waiting.removeAttribute("src");
    waiting.removeAttribute("loading");
    waiting.name = `preview-${Date.now()}`;
    waiting.dataset.waiting = "";
    frame.after(waiting);
    button.formTarget = waiting.name;
    waiting.addEventListener("load", () => show(frame));
    form.requestSubmit(button);
  }

  function show(frame) {
    if (!waiting) return;
    delete waiting.dataset.waiting;
    frame.remove();
    waiting = null;
    if (isStale) later();
    isStale = false;
  }

  function later() {
    clearTimeout(timer);
    timer = setTimeout(refresh, PAUSE_MS);
  }

  form.addEventListener("input", later);
  form.addEventListener("moved", later);
}

if (form) {
  form.elements.cadence.addEventListener("change", showDayFields);
  showDayFields();
  form.querySelectorAll("[name=own_query]").forEach(watchQuery);
  form.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-move]");
    if (!button) return;
    event.preventDefault();
    move(button);
    form.dispatchEvent(new Event("moved"));
  });
  const button = document.querySelector(".preview button");
  if (button) keepPreview(button);
}
