// The texts of scripts in the language of the page, which has them by their English originals.

const texts = JSON.parse(document.body.dataset.texts ?? '{}');

const spoken = document.documentElement.lang;

// A number as the language writes it: "1,5" in German.
export function decimal(value, digits) {
  return value.toLocaleString(spoken, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

export function percent(share) {
  return share.toLocaleString(spoken, { style: 'percent' });
}

export function t(message, values = {}) {
  return (texts[message] ?? message).replace(/%\((\w+)\)s/g, (_, name) => values[name]);
}
