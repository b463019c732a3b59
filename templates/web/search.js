// Results while somebody types: the page that the form leads to is fetched, and its results take the place of these.
// A query that is not finished, or too many of them, change nothing; the button works as ever.
const form = document.querySelector("form.search");
const box = form.elements.q;
const results = document.getElementById("results");
const announced = document.getElementById("announced");
const PAUSE_MS = 400;
const MIN_LENGTH = 3;
let timer;
let running = new AbortController();

async function show() {
  running.abort();
  running = new AbortController();
  const typed = [...new FormData(form)].filter(([, value]) => value !== "");
  const address = `${form.action}?${new URLSearchParams(typed)}`;
  let response;
  try {
    response = await fetch(address, { signal: running.signal });
    if (response.status !== 200) return;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    results.replaceChildren(...page.getElementById("results").childNodes);
    document.title = page.title;
    history.replaceState(null, "", address);
    announced.textContent = results.querySelector(".total, .note")?.firstChild.textContent.trim() ?? "";
  } catch (error) {
    if (error.name !== "AbortError" && !(error instanceof TypeError)) throw error; // TypeError: there is no network
  }
}

form.addEventListener("input", (event) => {
  clearTimeout(timer);
  if (event.target === box && box.value.trim().length > 0 && box.value.trim().length < MIN_LENGTH) return;
  timer = setTimeout(show, PAUSE_MS);
});
