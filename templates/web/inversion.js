// How mail programs recolor a message on a dark screen, whatever its own styles for dark screens say.
//
// Gmail on iOS and Outlook on Windows invert the lightness of every color; Outlook.com and Gmail on Android darken light
// backgrounds and lighten dark texts, and leave what is dark already. The checks of a message (newsletter/rendering/
// contrast.py) compute the same; a test holds the two together.

const all = () => true;
const CLIENTS = {
  gmail: { wantsText: all, wantsBackground: all },
  outlook: { wantsText: lightness => lightness <= 0.5, wantsBackground: lightness => lightness > 0.5 },
};
const BORDERS = ['border-top-color', 'border-right-color', 'border-bottom-color', 'border-left-color'];

// -- colors -------------------------------------------------------------------------------------------------

function parse(text) {
  const numbers = /^rgba?\(([^)]+)\)/.exec(text)?.[1].split(/[\s,/]+/).map(Number);
  return numbers && numbers.length >= 3 ? { rgb: numbers.slice(0, 3), alpha: numbers[3] ?? 1 } : null;
}

// Inverting the lightness of HSL keeps the differences of the channels, and mirrors their middle.
function inverted(text, isWanted) {
  const color = parse(text);
  if (!color || color.alpha === 0) return null;
  const middle = Math.max(...color.rgb) + Math.min(...color.rgb);
  if (!isWanted(middle / 510)) return null;
  return `rgba(${color.rgb.map(value => value + 255 - middle).join(', ')}, ${color.alpha})`;
}

// -- a message --------------------------------------------------------------------------------------------

const originals = new WeakMap();

export function restore(shown) {
  for (const [element, style] of originals.get(shown) ?? []) {
    if (style === null) element.removeAttribute('style');
    else element.setAttribute('style', style);
  }
  originals.delete(shown);
}

export function invert(shown, name) {
  restore(shown);
  const client = CLIENTS[name];
  if (!client || !shown.body) return;
  const { defaultView: view } = shown;
  const changes = [];
  for (const element of [shown.documentElement, ...shown.body.querySelectorAll('*'), shown.body]) {
    const computed = view.getComputedStyle(element);
    const colors = { color: inverted(computed.color, client.wantsText) };
    colors['background-color'] = inverted(computed.backgroundColor, client.wantsBackground);
    for (const side of BORDERS) colors[side] = inverted(computed.getPropertyValue(side), client.wantsBackground);
    changes.push([element, Object.entries(colors).filter(([, color]) => color !== null)]);
  }
  originals.set(shown, changes.map(([element]) => [element, element.getAttribute('style')]));
  for (const [element, colors] of changes) for (const [property, color] of colors) element.style.setProperty(property, color, 'important');
  // What is painted behind a message without a background of its own.
  if (!parse(view.getComputedStyle(shown.documentElement).backgroundColor)?.alpha) {
    shown.documentElement.style.setProperty('background-color', inverted('rgb(255, 255, 255)', all), 'important');
  }
}

// -- contrast (WCAG 2.2, 1.4.3) -----------------------------------------------------------------------------

const linear = value => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
const luminance = rgb => rgb.map(value => linear(value / 255)).reduce((sum, value, at) => sum + value * [0.2126, 0.7152, 0.0722][at], 0);

function backgroundOf(element, view) {
  for (let one = element; one; one = one.parentElement) {
    const color = parse(view.getComputedStyle(one).backgroundColor);
    if (color && color.alpha > 0.9) return color.rgb;
  }
  return [255, 255, 255];
}

// Return the lowest contrast of a visible text with its background, and that text; null if there is no text.
export function lowestContrast(shown) {
  const { defaultView: view } = shown;
  let lowest = null;
  for (const element of shown.body?.querySelectorAll('*') ?? []) {
    const text = [...element.childNodes].filter(node => node.nodeType === 3).map(node => node.data).join('').trim();
    const box = text.length > 1 ? element.getBoundingClientRect() : null;
    const color = box && box.width > 2 && box.height > 2 ? parse(view.getComputedStyle(element).color) : null;
    if (!color || color.alpha < 0.1) continue;
    const [lighter, darker] = [luminance(color.rgb), luminance(backgroundOf(element, view))].sort((one, other) => other - one);
    const ratio = (lighter + 0.05) / (darker + 0.05);
    if (!lowest || ratio < lowest.ratio) lowest = { ratio, text: text.slice(0, 60) };
  }
  return lowest;
}
