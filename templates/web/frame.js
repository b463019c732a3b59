// The message in its frame: as wide and as dark as was chosen, and kept in its place when it is loaded anew.

const stage = document.getElementById('stage');
const device = document.getElementById('device');
const frame = document.getElementById('message');

// How far the message is scrolled, which what stands in for a message that cannot be made does not change.
let place = 0;
let scheme = 'light';

export function showMessage(url, stays) {
  const shown = frame.contentDocument;
  const root = shown?.documentElement; // null for a moment while a page is on its way in
  if (!stays) place = 0;
  else if (root && !('instead' in root.dataset)) place = shown.scrollingElement?.scrollTop ?? 0;
  frame.addEventListener('load', () => frame.contentDocument?.scrollingElement?.scrollTo(0, place), { once: true });
  // Put in place of what was there: the back button is for choices, not for reloads.
  frame.contentWindow.location.replace(url);
}

export function look(chosen, width) {
  scheme = chosen;
  document.getElementById('panels').dataset.scheme = scheme;
  device.dataset.width = width;
  for (const shown of document.querySelectorAll('iframe')) if (shown.contentDocument?.body) dress(shown);
  fit();
}

export function fit() {
  const wide = Number(document.querySelector('[name=width]:checked').dataset.pixels);
  const room = stage.clientWidth - 2 * parseFloat(getComputedStyle(stage).paddingInlineStart);
  const scale = Math.min(1, room / wide);
  const above = innerWidth < 720 ? 120 : stage.getBoundingClientRect().top + scrollY + 56;
  const high = Math.max(480, Math.floor(innerHeight - above));
  frame.style.width = `${wide}px`;
  frame.style.height = `${high / scale}px`;
  frame.style.transform = scale < 1 ? `scale(${scale})` : '';
  device.style.width = `${wide * scale}px`;
  device.style.height = `${high}px`;
}

// A frame's color-scheme is what its page prefers, but not in every browser; there its media queries are changed.
function dress(shown) {
  const isPreferred = shown.contentWindow.matchMedia(`(prefers-color-scheme: ${scheme})`).matches;
  for (const rule of [...shown.contentDocument.styleSheets].flatMap(sheet => [...sheet.cssRules])) {
    if (!rule.media) continue;
    rule.asWritten ??= rule.media.mediaText;
    rule.media.mediaText = isPreferred ? rule.asWritten : rule.asWritten.replace(
      /\(prefers-color-scheme: (\w+)\)/g, (_, asked) => (asked === scheme ? '(min-width: 0px)' : '(max-width: 0px)'),
    );
  }
}

// A message's links lead out of the frame, which may load nothing but messages; those into the message stay. What would
// speak for the subscriber is not followed: these links are the real ones.
function follow(event) {
  const link = event.target.closest?.('a[href]');
  const href = link?.getAttribute('href') ?? '#';
  if (href.startsWith('#')) return;
  event.preventDefault();
  const speaks = /\/(?:leave|feedback)\/|^mailto:/.test(href);
  document.getElementById('going').textContent = speaks ? `${href} would speak for the reader, and is not followed here` : href;
  if (!speaks && /^https?:/.test(href)) window.open(href, '_blank', 'noopener,noreferrer');
}

document.addEventListener('load', event => {
  if (!event.target.contentDocument) return;
  event.target.contentDocument.addEventListener('click', follow);
  dress(event.target);
}, true);
addEventListener('resize', fit);
new ResizeObserver(fit).observe(stage);
