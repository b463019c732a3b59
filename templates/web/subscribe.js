// Enhances the preferences form: preselects the time zone, hides day fields that do not apply, and shows the papers
// that a query matched in the last week.

import { partAt, watchTopics } from './topic_help.js';

const form = document.querySelector("form:has(#cadence)");

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

if (form) {
  form.elements.cadence.addEventListener("change", showDayFields);
  showDayFields();
  const queries = form.elements.queries;
  const lineAt = (text, position) => partAt(text, position, "\n");
  watchTopics(queries, document.getElementById("sample"), queries.dataset.sample, lineAt);
}
