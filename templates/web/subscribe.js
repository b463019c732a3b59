// Enhances the preferences form: preselects the time zone, hides day fields that do not apply, and shows the papers
// that a query matched in the last week.

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
  watchQueries(form.elements.queries, document.getElementById("sample"));
}

function watchQueries(field, box) {
  let timer = 0;
  let requests = 0;
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(loadSample, 300);
  });

  async function loadSample() {
    const line = lineAt(field.value, field.selectionStart);
    const request = ++requests;
    if (!line) {
      box.hidden = true;
      return;
    }
    try {
      const query = line.includes(" = ") ? line.slice(line.indexOf(" = ") + 3) : line;
      const response = await fetch(`${field.dataset.sample}?q=${encodeURIComponent(query)}`);
      if (!response.headers.get("content-type")?.includes("json")) return;
      const sample = await response.json();
      if (request === requests) show(box, line, sample);
    } catch {
      box.hidden = true;
    }
  }
}

function lineAt(text, position) {
  const start = text.lastIndexOf("\n", position - 1) + 1;
  const end = text.indexOf("\n", position);
  return text.slice(start, end < 0 ? text.length : end).trim();
}

function show(box, line, sample) {
  const summary = document.createElement("p");
  summary.textContent = sample.error
    ? [sample.error, sample.hint].filter(Boolean).join(". ")
    : `“${line}” matched ${sample.matched} of the ${sample.of} papers of the last seven days, ${sample.per_day} a day.`;
  const notes = [...(sample.warnings ?? [])];
  if (sample.also?.length) notes.push(`Also: ${sample.also.join(", ")}`);
  const hints = notes.map((note) => {
    const line = document.createElement("p");
    line.textContent = note;
    return line;
  });
  const list = document.createElement("ul");
  for (const paper of sample.papers ?? []) {
    const item = document.createElement("li");
    const link = document.createElement("a");
    if (/^https?:/.test(paper.url)) link.href = paper.url;
    link.textContent = paper.title;
    item.append(link);
    list.append(item);
  }
  box.replaceChildren(summary, ...hints, ...(list.children.length ? [list] : []));
  box.hidden = false;
}
