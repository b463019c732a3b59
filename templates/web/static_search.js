// Search in an archive without a server, in the index that search-index.js sets. Works where the page is opened as a file.
"use strict";
(() => {
  const MOST_SHOWN = 100;
  const form = document.querySelector("form.search");
  const found = document.getElementById("found");
  const results = document.getElementById("results");
  const home = form.dataset.home.replace(/index\.html$/, "");
  const spoken = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;
  // In the order of the columns of the index.
  const papers = paperIndex.map(([key, title, authors, day, upvotes, stars, sources, others, finding]) =>
    ({ key, title, authors, day, upvotes, stars, sources: sources.split(" "), others, finding }));
  const plain = (text) => ` ${text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().match(/[\p{L}\p{N}]+/gu)?.join(" ") ?? ""}`;
  const textOf = (paper) => (paper.text ??= plain(`${paper.authors} ${paper.others} ${paper.finding}`));
  const titleOf = (paper) => (paper.plainTitle ??= plain(paper.title));

  // A term is found at the beginning of a word, so that what is being typed finds something.
  function termsOf(query) {
    const terms = [...query.matchAll(/(-?)"([^"]*)"?|(-?)(\S+)/g)];
    return terms.map(([, not, phrase, minus, word]) => ({ isExcluded: Boolean(not || minus), text: plain(phrase ?? word) }))
      .filter((term) => term.text.length > 1);
  }

  function scoreOf(paper, terms) {
    let score = 0;
    for (const { isExcluded, text } of terms) {
      const worth = titleOf(paper).includes(text) ? 4 : textOf(paper).includes(text) ? 1 : 0;
      if (isExcluded ? worth : !worth) return 0;
      score += worth;
    }
    return score || 1;
  }

  const orders = {
    newest: () => 0,
    upvoted: (a, b) => b.paper.upvotes - a.paper.upvotes,
    starred: (a, b) => b.paper.stars - a.paper.stars,
  };

  function element(name, text, properties = {}) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(text);
    return made;
  }

  function row({ key, title, authors, day, upvotes, stars }) {
    const path = key.split("/").map(encodeURIComponent).join("/");
    const heading = element("h2", element("a", title, { href: `${home}papers/${path}/index.html` }), { dir: "auto" });
    const date = new Date(`${day}T12:00`).toLocaleDateString(spoken, { dateStyle: "long" });
    const facts = element("ul", "", { className: "byline facts" });
    if (upvotes) facts.append(element("li", `▲${upvotes}`, { className: "upvotes" }));
    if (authors) facts.append(element("li", authors, { className: "names" }));
    facts.append(element("li", date));
    if (stars > 1) facts.append(element("li", `★${stars}`));
    const made = element("li", heading, { className: "slim" });
    made.append(facts);
    return made;
  }

  function show() {
    const { q, source, order, code } = form.elements;
    const terms = termsOf(q.value);
    const matching = papers.filter((paper) => (!source.value || paper.sources.includes(source.value)) && (!code.checked || paper.stars))
      .map((paper) => ({ paper, score: scoreOf(paper, terms) })).filter(({ score }) => score)
      .sort(orders[order.value] ?? ((a, b) => b.score - a.score)); // stable: the newest first
    const shown = Math.min(matching.length, MOST_SHOWN);
    const said = matching.length === 0 ? "none" : shown < matching.length ? "most" : "found";
    const number = (value) => value.toLocaleString(spoken);
    found.textContent = found.dataset[said].replace("{number}", number(matching.length)).replace("{shown}", number(shown));
    results.replaceChildren(...matching.slice(0, MOST_SHOWN).map(({ paper }) => row(paper)));
    const typed = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
    try {
      history.replaceState(null, "", typed.size ? `?${typed}` : location.pathname);
    } catch { /* Some browsers refuse it for files. */ }
  }

  for (const [name, value] of new URLSearchParams(location.search)) {
    const field = form.elements[name];
    if (field?.type === "checkbox") field.checked = true;
    else if (field) field.value = value;
  }
  form.addEventListener("input", show);
  form.addEventListener("submit", (event) => { event.preventDefault(); show(); });
  show();
})();
