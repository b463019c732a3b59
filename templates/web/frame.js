// The message in its frame, at the selected width and color scheme; reloading keeps its scroll position.

const stage = document.getElementById('stage');
const device = document.getElementById('device');
const frame = document.getElementById('message');

// Scroll position of the message; the placeholder for a message that cannot be rendered does not change it.
let scrolledTo = 0;
let scheme = 'light';

export function showMessage(url, keepsPosition) {
  const shown = frame.contentDocument;
  const root = shown?.documentElement; // null for a moment while a page is loading
  if (!keepsPosition) scrolledTo = 0;
  else if (root && !('placeholder' in root.dataset)) scrolledTo = shown.scrollingElement?.scrollTop ?? 0;
  frame.addEventListener('load', () => frame.contentDocument?.scrollingElement?.scrollTo(0, scrolledTo), { once: true });
  // Replace the history entry: the back button is for selections, not for reloads.
  frame.contentWindow.location.replace(url);
}

export function setAppearance(selectedScheme, width) {
  scheme = selectedScheme;
  document.getElementById('panels').dataset.scheme = scheme;
  device.dataset.width = width;
  for (const shown of document.querySelectorAll('iframe')) if (shown.contentDocument?.body) applyScheme(shown);
  fit();
}

export function fit() {
  const width = Number(document.querySelector('[name=width]:checked').dataset.pixels);
  const available = stage.clientWidth - 2 * parseFloat(getComputedStyle(stage).paddingInlineStart);
  const scale = Math.min(1, available / width);
  const above = innerWidth < 720 ? 120 : stage.getBoundingClientRect().top + scrollY + 56;
  const height = Math.max(480, Math.floor(innerHeight - above));
  frame.style.width = `${width}px`;
  frame.style.height = `${height / scale}px`;
  frame.style.transform = scale < 1 ? `scale(${scale})` : '';
  device.style.width = `${width * scale}px`;
  device.style.height = `${height}px`;
}

// Most browsers derive prefers-color-scheme in a frame from the color-scheme of its iframe element. For the others,
// rewrite the media queries of the message.
function applyScheme(shown) {
  const isPreferred = shown.contentWindow.matchMedia(`(prefers-color-scheme: ${scheme})`).matches;
  for (const rule of [...shown.contentDocument.styleSheets].flatMap(sheet => [...sheet.cssRules])) {
    if (!rule.media) continue;
    rule.originalMedia ??= rule.media.mediaText;
    rule.media.mediaText = isPreferred ? rule.originalMedia : rule.originalMedia.replace(
      /\(prefers-color-scheme: (\w+)\)/g, (_, wanted) => (wanted === scheme ? '(min-width: 0px)' : '(max-width: 0px)'),
    );
  }
}

// Links open in a new tab, except those within the message. Links that act for the subscriber are not followed, because
// their tokens are real.
function followLink(event) {
  const link = event.target.closest?.('a[href]');
  const href = link?.getAttribute('href') ?? '#';
  if (href.startsWith('#')) return;
  event.preventDefault();
  const actsForSubscriber = /\/(?:unsubscribe|leave|preferences|feedback)\/|^mailto:/.test(href);
  document.getElementById('link-target').textContent = actsForSubscriber ? `Not opened, because it would act for the subscriber: ${href}` : href;
  if (!actsForSubscriber && /^https?:/.test(href)) window.open(href, '_blank', 'noopener,noreferrer');
}

document.addEventListener('load', event => {
  if (!event.target.contentDocument) return;
  event.target.contentDocument.addEventListener('click', followLink);
  applyScheme(event.target);
}, true);
addEventListener('resize', fit);
new ResizeObserver(fit).observe(stage);
