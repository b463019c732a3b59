// What the form does for those with scripts: it guesses the time zone, hides days that do not matter, and shows what a
// topic of one's own would have brought.

const form = document.querySelector("form:has(#cadence)");

if (form?.hasAttribute("data-fresh")) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const offered = [...form.elements.time_zone.options].some((option) => option.value === zone);
  if (offered) form.elements.time_zone.value = zone;
}

function showDays() {
  const cadence = form.elements.cadence.value;
  form.querySelector("[data-for=weekday]").hidden = cadence !== "weekly";
  form.querySelector("[data-for=month_day]").hidden = cadence !== "monthly";
}

if (form) {
  form.elements.cadence.addEventListener("change", showDays);
  showDays();
  watchQueries(form.elements.queries, document.getElementById("sample"));
}

function watchQueries(field, box) {
  let timer = 0;
  let asked = 0;
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, 300);
  });

  async function ask() {
    const line = lineAt(field.value, field.selectionStart);
    const number = ++asked;
    if (!line) {
      box.hidden = true;
      return;
    }
    try {
      const query = line.includes(" = ") ? line.slice(line.indexOf(" = ") + 3) : line;
      const answer = await fetch(`${field.dataset.sample}?q=${encodeURIComponent(query)}`);
      if (!answer.headers.get("content-type")?.includes("json")) return;
      const said = await answer.json();
      if (number === asked) show(box, line, said);
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

function show(box, line, said) {
  const words = document.createElement("p");
  words.textContent = said.error
    ? [said.error, said.hint].filter(Boolean).join(". ")
    : `“${line}” would have brought ${said.matched} of the ${said.of} papers of the last seven days.`;
  const list = document.createElement("ul");
  for (const paper of said.papers ?? []) {
    const item = document.createElement("li");
    const link = document.createElement("a");
    if (/^https?:/.test(paper.url)) link.href = paper.url;
    link.textContent = paper.title;
    item.append(link);
    list.append(item);
  }
  box.replaceChildren(words, ...(list.children.length ? [list] : []));
  box.hidden = false;
}
