// The texts of scripts in the language of the page, which has them by their English originals.

const texts = JSON.parse(document.body.dataset.texts ?? '{}');

export function t(message, values = {}) {
  return (texts[message] ?? message).replace(/%\((\w+)\)s/g, (_, name) => values[name]);
}
