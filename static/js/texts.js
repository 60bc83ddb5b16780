// The words that scripts show: they stand on <body> as data-text-<name>, translated by the server.
// Comes first: it makes the one object that our scripts share.
(() => {
  "use strict";

  const deskbell = (window.deskbell = {});
  const page = document.documentElement;
  const plural = new Intl.PluralRules(page.lang || "en");

  /** Looks up data-text-<name>-<plural form of values.count>, then data-text-<name>, and fills in %(key)s. */
  deskbell.text = (name, values = {}) => {
    const form = "count" in values ? document.body.getAttribute(`data-text-${name}-${plural.select(values.count)}`) : null;
    const text = form || document.body.getAttribute(`data-text-${name}`) || "";
    return text.replace(/%\((\w+)\)s/g, (place, key) => (key in values ? values[key] : place));
  };
})();
