// Help while a topic is typed: its papers of the last week with the words marked, terms that it misses, and mistakes.
// The texts come from third parties, so they are only inserted as text.

// Asks for the topic at the cursor of a field, and shows the answer in a box. `topicAt` finds it in the field's text.
export function watchTopics(field, box, source, topicAt) {
  let timer = 0;
  let requests = 0;
  field.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(ask, 300);
  });

  async function ask() {
    const topic = topicAt(field.value, field.selectionStart);
    const request = ++requests;
    box.hidden ||= !topic;
    if (!topic) return;
    try {
      const query = topic.includes(' = ') ? topic.slice(topic.indexOf(' = ') + 3) : topic;
      const response = await fetch(`${source}?q=${encodeURIComponent(query)}`);
      if (!response.headers.get('content-type')?.includes('json')) return;
      const help = await response.json();
      if (request === requests) show(box, help);
    } catch {
      box.hidden = true;
    }
  }
}

// The text around a position, up to the nearest separators.
export function partAt(text, position, separator) {
  const start = position > 0 ? text.lastIndexOf(separator, position - 1) + 1 : 0;
  const end = text.indexOf(separator, position);
  return text.slice(start, end < 0 ? text.length : end).trim();
}

function show(box, help) {
  const notes = [help.summary, ...(help.warnings ?? []), help.related].filter(Boolean);
  const papers = (help.papers ?? []).map(item);
  box.replaceChildren(...notes.map(paragraph), ...(papers.length ? [listOf(papers)] : []));
  box.hidden = false;
}

function item(paper) {
  const link = document.createElement('a');
  if (/^https?:/.test(paper.url)) link.href = paper.url;
  link.dir = 'auto';
  link.append(...paper.title.map(marked));
  const row = document.createElement('li');
  row.append(link);
  if (paper.excerpt.length) {
    const excerpt = document.createElement('small');
    excerpt.dir = 'auto';
    excerpt.append(...paper.excerpt.map(marked));
    row.append(document.createElement('br'), excerpt);
  }
  return row;
}

function marked([text, isMatch]) {
  if (!isMatch) return text;
  const mark = document.createElement('mark');
  mark.textContent = text;
  return mark;
}

function paragraph(text) {
  const line = document.createElement('p');
  line.textContent = text;
  return line;
}

function listOf(items) {
  const list = document.createElement('ul');
  list.append(...items);
  return list;
}
