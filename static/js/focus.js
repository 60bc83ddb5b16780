// Keeps the keyboard where it was when a row, a message or the bar under it is replaced.
(() => {
  "use strict";

  const deskbell = window.deskbell;
  const HOLDERS = ".chat-row[id], .message[id], .chat-bar[id], .earlier[id]";
  const STOPS = "a[href], button, input, select, textarea";

  let held = null;

  const isLost = () => document.activeElement === document.body;

  function restore() {
    const holder = document.getElementById(held.id);
    const stop = holder && holder.querySelectorAll(STOPS)[held.stop];
    if (stop) stop.focus({ preventScroll: true });
    if (isLost() && held.id.startsWith("chat-bar-")) deskbell.focusComposer(); // its button is gone
  }

  document.addEventListener("htmx:before:swap", () => {
    const holder = document.activeElement && document.activeElement.closest(HOLDERS);
    if (holder) held = { id: holder.id, stop: [...holder.querySelectorAll(STOPS)].indexOf(document.activeElement) };
  });

  document.addEventListener("htmx:finally:swap", () => {
    if (held && isLost()) restore();
    held = null;
  });
})();
