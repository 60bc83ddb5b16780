// The words that scripts show stand in the page, translated by the server; {places} are filled in here.
// Comes first: it makes the one object that our scripts share.
(() => {
  "use strict";

  const deskbell = (window.deskbell = {});

  deskbell.fill = (text, values = {}) =>
    text.replace(/\{(\w+)\}/g, (place, key) => (key in values ? values[key] : place));

  /** A sentence that has no place of its own in the page: data-text-<name> on <body>. */
  deskbell.text = (name, values) => deskbell.fill(document.body.getAttribute(`data-text-${name}`) || "", values);
})();
