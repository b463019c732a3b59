// Messages in frames that look like devices, at the selected width and colors; reloading keeps the scroll position.

import { invert, lowestContrast, restore } from './inversion.js';
import { decimal, t } from './texts.js';

const stage = document.getElementById('stage');
const sides = [...stage.querySelectorAll('.side')];
const frames = sides.map(side => side.querySelector('iframe'));
const PLAIN = ['light', 'dark'];

// Scroll positions of the messages; the placeholder for a message that cannot be rendered does not change them.
const scrolledTo = new Map(frames.map(frame => [frame, 0]));
let scheme = 'light';

// Show messages side by side: one, or two to compare.
export function showMessages(messages, keepsPosition) {
  for (const [at, side] of sides.entries()) {
    side.hidden = !messages[at];
    side.querySelector('figcaption').textContent = messages.length > 1 ? messages[at]?.label ?? '' : '';
    if (messages[at]) show(frames[at], messages[at].url, keepsPosition);
  }
  stage.dataset.compares = String(messages.length > 1);
  fit();
}

function show(frame, url, keepsPosition) {
  const shown = frame.contentDocument;
  const root = shown?.documentElement; // null for a moment while a page is loading
  if (!keepsPosition) scrolledTo.set(frame, 0);
  else if (root && !('placeholder' in root.dataset)) scrolledTo.set(frame, shown.scrollingElement?.scrollTop ?? 0);
  const scroll = () => frame.contentDocument?.scrollingElement?.scrollTo(0, scrolledTo.get(frame));
  frame.addEventListener('load', scroll, { once: true });
  // Replace the history entry: the back button is for selections, not for reloads.
  frame.contentWindow.location.replace(url);
}

export function setAppearance(selectedScheme, width) {
  scheme = selectedScheme;
  document.getElementById('panels').dataset.scheme = scheme;
  document.getElementById('panels').dataset.width = width;
  document.getElementById('panels').style.setProperty('--width', `${pixels()}px`);
  for (const shown of document.querySelectorAll('iframe')) if (shown.contentDocument?.body) applyScheme(shown);
  fit();
}

const pixels = () => Number(document.querySelector('[name=width]:checked').dataset.pixels);

export function fit() {
  const isNarrow = innerWidth < 720;
  const width = pixels();
  const columns = isNarrow ? 1 : sides.filter(side => !side.hidden).length;
  const style = getComputedStyle(stage);
  const room = stage.clientWidth - 2 * parseFloat(style.paddingInlineStart) - (columns - 1) * parseFloat(style.columnGap || 0);
  for (const side of sides.filter(one => !one.hidden)) {
    const device = side.querySelector('.device');
    const bezel = getComputedStyle(device);
    const [across, along] = ['Left', 'Top'].map((start, at) => parseFloat(bezel[`padding${start}`]) + parseFloat(bezel[`padding${['Right', 'Bottom'][at]}`]));
    const scale = Math.min(1, Math.max(0.1, (room / columns - across) / width));
    const above = isNarrow ? 120 : stage.getBoundingClientRect().top + scrollY + 56;
    const height = Math.max(480, Math.floor(innerHeight - above)) - along;
    const frame = side.querySelector('iframe');
    frame.style.width = `${width}px`;
    frame.style.height = `${height / scale}px`;
    frame.style.transform = scale < 1 ? `scale(${scale})` : '';
    device.style.width = `${width * scale}px`;
    device.style.height = `${height}px`;
  }
}

// Most browsers derive prefers-color-scheme in a frame from the color-scheme of its iframe element. For the others,
// rewrite the media queries of the message. Programs that invert colors do not apply these queries.
function applyScheme(shown) {
  const { contentDocument: page, contentWindow: view } = shown;
  restore(page);
  const wanted = PLAIN.includes(scheme) ? scheme : 'light';
  const isPreferred = view.matchMedia(`(prefers-color-scheme: ${wanted})`).matches;
  for (const rule of [...page.styleSheets].flatMap(sheet => [...sheet.cssRules])) {
    if (!rule.media) continue;
    rule.originalMedia ??= rule.media.mediaText;
    rule.media.mediaText = isPreferred ? rule.originalMedia : rule.originalMedia.replace(
      /\(prefers-color-scheme: (\w+)\)/g, (_, named) => (named === wanted ? '(min-width: 0px)' : '(max-width: 0px)'),
    );
  }
  invert(page, scheme);
  if (frames.includes(shown)) reportContrast();
}

function reportContrast() {
  const found = sides.filter(side => !side.hidden).map(side => side.querySelector('iframe').contentDocument).filter(page => page?.body);
  const worst = found.map(lowestContrast).filter(Boolean).sort((one, other) => one.ratio - other.ratio)[0];
  const box = document.getElementById('contrast');
  box.textContent = worst ? t('Lowest contrast of a text here: %(ratio)s to 1 (“%(text)s”)', { ratio: decimal(worst.ratio, 1), text: worst.text }) : '';
  box.dataset.level = worst && worst.ratio < 4.5 ? 'warning' : 'ok';
}

// Links open in a new tab, except those within the message. Links that act for the subscriber are not followed, because
// their tokens are real.
function followLink(event) {
  const link = event.target.closest?.('a[href]');
  const href = link?.getAttribute('href') ?? '#';
  if (href.startsWith('#')) return;
  event.preventDefault();
  const actsForSubscriber = /\/(?:unsubscribe|leave|preferences|feedback)\/|^mailto:/.test(href);
  document.getElementById('link-target').textContent = actsForSubscriber ? t('Not opened, because it would act for the subscriber: %(url)s', { url: href }) : href;
  if (!actsForSubscriber && /^https?:/.test(href)) window.open(href, '_blank', 'noopener,noreferrer');
}

document.addEventListener('load', event => {
  if (!event.target.contentDocument) return;
  event.target.contentDocument.addEventListener('click', followLink);
  applyScheme(event.target);
}, true);
addEventListener('resize', fit);
new ResizeObserver(fit).observe(stage);
